"use strict";
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
const calm = matchMedia("(prefers-reduced-motion: reduce)");

// Plays `count` frames, `data.rate` a second: `words(frame)` says what a frame is, `clock(frame)` says it shortly, and `draw(place)` shows
// it; the place may lie between two frames, where `tween` is set.
function animate({ count, words, clock: short, draw, tween }) {
  const play = byId("play"), seek = byId("seek"), clock = byId("clock"), speed = byId("speed");
  let place = 0, last = 0, playing = false;
  seek.max = count - 1;

  function show() {
    const frame = Math.round(place);
    seek.value = frame;
    seek.setAttribute("aria-valuetext", words(frame));
    clock.textContent = short(frame);
    draw(tween && !calm.matches ? place : frame);
  }
  function tick(now) {
    if (!playing) return;
    place = Math.min(place + ((now - last) / 1000) * data.rate * Number(speed.value), count - 1);
    last = now;
    show();
    if (place >= count - 1) set(false);
    else requestAnimationFrame(tick);
  }
  function set(on) {
    playing = on;
    play.setAttribute("aria-pressed", String(on));
    play.setAttribute("aria-label", on ? "Pause" : "Play");
    play.querySelector(".word").textContent = on ? "Pause" : "Play";
    if (!on) { place = Math.round(place); show(); return; }
    if (place >= count - 1) place = 0;
    requestAnimationFrame((now) => { last = now; tick(now); });
  }
  function go(to) {
    place = Math.min(Math.max(0, to), count - 1);
    show();
  }
  play.addEventListener("click", () => set(!playing));
  seek.addEventListener("input", () => { const to = Number(seek.value); set(false); go(to); });
  addEventListener("keydown", (event) => {
    const typing = event.target.closest && event.target.closest("input, button, select, a");
    if (event.ctrlKey || event.metaKey || event.altKey || typing === speed) return;
    if (event.code === "Space" && (!typing || typing === seek)) { event.preventDefault(); set(!playing); return; }
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -count, End: count }[event.code];
    if (step && typing !== seek) { event.preventDefault(); set(false); go(Math.round(place) + step); }
  });
  show();
  return show;
}
