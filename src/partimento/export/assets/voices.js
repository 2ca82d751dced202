"use strict";
(() => {
  const FADE = 0.015; // seconds, so that muting makes no click
  const inputs = [...document.querySelectorAll("script.sound")];
  const buttons = (kind) => [...document.querySelectorAll(`.voice .${kind}`)];
  const mutes = buttons("mute"), solos = buttons("solo");

  // Mono, 16 bits, after a header of 44 bytes: as Partimento writes it.
  function decode(base64) {
    const text = atob(base64.trim()), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    const view = new DataView(bytes.buffer), length = (bytes.length - 44) >> 1;
    const buffer = new AudioBuffer({ length, numberOfChannels: 1, sampleRate: view.getUint32(24, true) });
    const samples = buffer.getChannelData(0);
    for (let i = 0; i < length; i++) samples[i] = view.getInt16(44 + 2 * i, true) / 32768;
    return buffer;
  }

  // All voices on one clock, with what the player uses of an audio element.
  class Mix extends EventTarget {
    constructor(buffers) {
      super();
      this.buffers = buffers;
      this.audible = buffers.map(() => true);
      this.duration = Math.max(...buffers.map((buffer) => buffer.duration));
      this.paused = true;
      this.offset = 0;
      this.sources = [];
    }
    get currentTime() {
      if (this.paused) return this.offset;
      const passed = this.context.currentTime - this.began - (this.context.outputLatency || 0);
      return Math.min(this.offset + Math.max(passed, 0), this.duration);
    }
    set currentTime(time) {
      const playing = !this.paused;
      this.halt();
      this.offset = time;
      if (playing) this.start();
      this.dispatchEvent(new Event("seeked"));
    }
    play() {
      if (!this.context) this.connect();
      this.context.resume();
      if (!this.paused) return;
      if (this.offset >= this.duration) this.offset = 0;
      this.start();
      this.dispatchEvent(new Event("play"));
    }
    pause() {
      this.halt();
      this.dispatchEvent(new Event("pause"));
    }
    connect() {
      this.context = new AudioContext();
      this.output = new GainNode(this.context);
      this.output.connect(this.context.destination);
      this.gains = this.audible.map((on) => new GainNode(this.context, { gain: on ? 1 : 0 }));
      for (const gain of this.gains) gain.connect(this.output);
    }
    start() {
      this.paused = false;
      this.began = this.context.currentTime;
      this.sources = this.buffers.map((buffer, i) => {
        const source = new AudioBufferSourceNode(this.context, { buffer });
        source.connect(this.gains[i]);
        source.start(this.began, this.offset);
        return source;
      });
      this.sources[0].addEventListener("ended", ({ target }) => {
        if (target !== this.sources[0]) return; // stopped, not at its end
        this.halt();
        this.offset = this.duration;
        this.dispatchEvent(new Event("ended"));
      });
    }
    halt() {
      this.offset = this.currentTime;
      this.paused = true;
      for (const source of this.sources) source.stop();
      this.sources = [];
    }
    choose(audible) {
      this.audible = audible;
      if (!this.context) return;
      for (const [i, gain] of this.gains.entries()) gain.gain.setTargetAtTime(audible[i] ? 1 : 0, this.context.currentTime, FADE);
    }
  }

  const sound = new Mix(inputs.map((input) => decode(input.textContent)));
  const times = JSON.parse(document.getElementById("times").textContent);
  const layers = inputs.map(() => []);
  for (const layer of document.querySelectorAll("#score g.layer")) {
    const note = layer.querySelector("g.note[id]"), found = note && /^n(\d+)/.exec(note.id);
    if (found && times[found[1]]) layers[times[found[1]][2]].push(layer);
  }
  // Ledger lines are drawn outside the layers: pair each with the notes at or beyond it.
  let ledgers = null;
  function findLedgers() {
    const pairs = [];
    for (const line of document.querySelectorAll("#score g.ledgerLines path")) {
      const box = line.getBBox(), above = line.parentElement.classList.contains("above"), owners = new Set();
      for (const [i, own] of layers.entries()) for (const layer of own) {
        if (layer.parentElement !== line.parentElement.parentElement) continue;
        for (const head of layer.querySelectorAll(".notehead")) {
          const place = head.getBBox(), x = place.x + place.width / 2, y = place.y + place.height / 2;
          const beyond = above ? y <= box.y + place.height / 2 : y >= box.y - place.height / 2;
          if (beyond && x > box.x && x < box.x + box.width) owners.add(i);
        }
      }
      if (owners.size) pairs.push([line, [...owners]]);
    }
    return pairs;
  }
  const isPressed = (button) => button.getAttribute("aria-pressed") === "true";
  function choose() {
    const soloed = solos.some(isPressed);
    const audible = inputs.map((_, i) => (soloed ? isPressed(solos[i]) : !isPressed(mutes[i])));
    sound.choose(audible);
    for (const [i, on] of audible.entries()) {
      mutes[i].parentElement.classList.toggle("silent", !on);
      for (const layer of layers[i]) layer.classList.toggle("silent", !on);
    }
    ledgers ??= findLedgers();
    for (const [line, owners] of ledgers) line.classList.toggle("silent", !owners.some((i) => audible[i]));
  }
  for (const button of [...mutes, ...solos]) {
    button.addEventListener("click", (event) => {
      if (event.detail) button.blur(); // after the mouse, Space is for the player again
      button.setAttribute("aria-pressed", String(!isPressed(button)));
      choose();
    });
  }
  globalThis.partimento = { sound };
})();
