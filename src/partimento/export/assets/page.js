"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  // With several voices, voices.js mixes them; otherwise an audio element plays.
  const sound = globalThis.partimento ? globalThis.partimento.sound : byId("sound");
  const play = byId("play"), seek = byId("seek"), clock = byId("clock"), score = byId("score");
  const times = JSON.parse(byId("times").textContent);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  // A note and what is tied to it light up together: n5, n5.2, n5.3 …
  const heads = times.map(() => []);
  for (const group of score.querySelectorAll("g.note[id], g.chord g.note[id]")) {
    const found = /^n(\d+)(\.\d+)?$/.exec(group.id);
    if (found && heads[found[1]]) heads[found[1]].push(group);
  }
  const order = times.map((_, i) => i).sort((a, b) => times[a][0] - times[b][0]);
  const length = times.reduce((last, [, end]) => Math.max(last, end), 0);
  let lit = new Set(), frame = 0;
  const format = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
  const total = () => (Number.isFinite(sound.duration) ? sound.duration : length) || 0;

  function show() {
    const now = sound.currentTime, sounding = new Set();
    for (const i of order) {
      if (times[i][0] > now + 0.01) break;
      if (times[i][1] > now + 0.01 && !(sound.paused && now === 0)) sounding.add(i);
    }
    for (const i of lit) if (!sounding.has(i)) for (const head of heads[i]) head.classList.remove("sounds");
    for (const i of sounding) if (!lit.has(i)) for (const head of heads[i]) head.classList.add("sounds");
    const first = [...sounding].find((i) => !lit.has(i) && heads[i].length);
    if (first !== undefined && !sound.paused) follow(heads[first][0]);
    lit = sounding;
    seek.max = total();
    seek.value = now;
    seek.setAttribute("aria-valuetext", `${format(now)} of ${format(total())}`);
    clock.textContent = `${format(now)} / ${format(total())}`;
  }
  function follow(head) {
    const system = head.closest("g.system") || head, box = system.getBoundingClientRect();
    // The player stays at the top, and is higher with several voices.
    const top = Math.max(80, byId("play").closest(".player").offsetHeight + 16);
    if (box.top < top || box.bottom > innerHeight) scrollBy({ top: box.top - top - 30, behavior: calm.matches ? "auto" : "smooth" });
    // On a narrow screen, a page of the score is wider than the screen.
    const sheet = head.closest(".sheet"), place = head.getBoundingClientRect(), frame = sheet.getBoundingClientRect();
    if (place.left < frame.left || place.right > frame.right - 40) sheet.scrollBy({ left: place.left - frame.left - 60, behavior: calm.matches ? "auto" : "smooth" });
  }
  function tick() {
    show();
    frame = sound.paused ? 0 : requestAnimationFrame(tick);
  }
  function changed() {
    play.setAttribute("aria-pressed", String(!sound.paused));
    play.querySelector(".word").textContent = sound.paused ? "Play" : "Pause";
    play.setAttribute("aria-label", sound.paused ? "Play" : "Pause");
    if (!frame) tick();
  }
  const toggle = () => (sound.paused ? sound.play() : sound.pause());
  const move = (to) => { sound.currentTime = Math.min(Math.max(0, to), total()); show(); };

  play.addEventListener("click", toggle);
  seek.addEventListener("input", () => move(Number(seek.value)));
  for (const name of ["play", "pause", "ended", "seeked", "loadedmetadata"]) sound.addEventListener(name, changed);
  score.addEventListener("click", (event) => {
    const group = event.target.closest("g.note[id]");
    const found = group && /^n(\d+)/.exec(group.id);
    if (found && times[found[1]]) { move(times[found[1]][0]); sound.play(); }
    // With colored notes, each says where it comes from, or how probable it is.
    const told = byId("told"), text = group && group.querySelector(":scope > title");
    if (told && group) told.textContent = text ? text.textContent : "Nothing is known about this note.";
  });
  addEventListener("keydown", (event) => {
    const typing = event.target.closest && event.target.closest("input, button, a, summary");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.code === "Space" && (!typing || typing === seek)) { event.preventDefault(); toggle(); }
    else if (event.code === "ArrowRight" && typing !== seek) move(sound.currentTime + 2);
    else if (event.code === "ArrowLeft" && typing !== seek) move(sound.currentTime - 2);
    else if (event.code === "Home" && typing !== seek) move(0);
  });
  changed();
})();
