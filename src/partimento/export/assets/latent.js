(() => {
  const canvas = byId("map"), tip = byId("tip"), chart = canvas.parentElement, pen = canvas.getContext("2d");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const [left, right, bottom, top] = data.limits;
  const count = data.of.length, means = data.frames.map((frame) => mean(frame));
  const chips = [...document.querySelectorAll(".groups button")];
  let size = 0, points = data.frames[0], chosen = -1, show = () => {};

  function mean(frame) {
    let x = 0, y = 0;
    for (let i = 0; i < frame.length; i += 2) { x += frame[i]; y += frame[i + 1]; }
    return [x / count, y / count];
  }
  // Standard deviations along the widest and the narrowest direction: roots of the covariance's eigenvalues.
  function spreads(frame, [mx, my]) {
    let a = 0, b = 0, c = 0;
    for (let i = 0; i < frame.length; i += 2) {
      const x = frame[i] - mx, y = frame[i + 1] - my;
      a += x * x; b += x * y; c += y * y;
    }
    const half = (a + c) / 2 / count, root = Math.hypot((a - c) / 2 / count, b / count);
    return [half + root, half - root].map((value) => Math.sqrt(Math.max(0, value)));
  }
  const margin = () => 3.8 * em();
  const em = () => Math.max(10, Math.min(14, size / 42));
  const toX = (x) => margin() + ((x - left) / (right - left)) * (size - margin() - em());
  const toY = (y) => size - margin() - ((y - bottom) / (top - bottom)) * (size - margin() - em());
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const paint = (group) => (dark.matches ? group.dark : group.colour);
  const between = (from, to) => {
    const step = [1, 2, 5, 10].map((s) => s * 10 ** Math.floor(Math.log10((to - from) / 6))).find((s) => (to - from) / s <= 7);
    const found = [];
    for (let k = Math.ceil(from / step); k * step <= to; k++) found.push(Number((k * step).toPrecision(6)));
    return found;
  };
  const sign = (value) => String(value).replace("-", "\u2212");

  function axes() {
    pen.clearRect(0, 0, size, size);
    pen.lineWidth = 1;
    pen.font = `${em()}px ${getComputedStyle(document.body).fontFamily}`;
    pen.fillStyle = colour("--soft");
    pen.strokeStyle = colour("--line");
    const line = (x0, y0, x1, y1) => { pen.beginPath(); pen.moveTo(x0, y0); pen.lineTo(x1, y1); pen.stroke(); };
    pen.textAlign = "center"; pen.textBaseline = "top";
    for (const x of between(left, right)) pen.fillText(sign(x), toX(x), toY(bottom) + em() * 0.5);
    pen.textAlign = "right"; pen.textBaseline = "middle";
    for (const y of between(bottom, top)) pen.fillText(sign(y), toX(left) - em() * 0.5, toY(y));
    pen.textAlign = "center"; pen.textBaseline = "middle";
    pen.fillText("first latent dimension", (toX(left) + toX(right)) / 2, size - em());
    pen.save();
    pen.translate(em(), (toY(bottom) + toY(top)) / 2);
    pen.rotate(-Math.PI / 2);
    pen.fillText("second latent dimension", 0, 0);
    pen.restore();
    if (left < 0 && right > 0) line(toX(0), toY(bottom), toX(0), toY(top));
    if (bottom < 0 && top > 0) line(toX(left), toY(0), toX(right), toY(0));
    pen.strokeStyle = colour("--soft");
    line(toX(left), toY(bottom), toX(right), toY(bottom));
    line(toX(left), toY(bottom), toX(left), toY(top));
    if (!data.prior) return;
    pen.setLineDash([4, 4]);
    for (const radius of [1, 2]) {
      pen.beginPath(); pen.arc(toX(0), toY(0), toX(radius) - toX(0), 0, 7); pen.stroke();
      pen.textAlign = "left"; pen.textBaseline = "bottom";
      pen.fillText(`${radius} σ`, toX(0) + 4, toY(radius));
    }
    pen.setLineDash([]);
  }
  function dot(i, radius) {
    const x = toX(points[2 * i]), y = toY(points[2 * i + 1]);
    pen.beginPath();
    if (data.groups[data.of[i]].triangle) {
      pen.moveTo(x, y - radius * 1.2); pen.lineTo(x + radius * 1.1, y + radius); pen.lineTo(x - radius * 1.1, y + radius); pen.closePath();
    } else pen.arc(x, y, radius, 0, 7);
    pen.fill();
  }
  function draw(place) {
    const before = Math.floor(place), part = place - before;
    const a = data.frames[before], b = data.frames[Math.min(before + 1, data.frames.length - 1)];
    points = part ? a.map((value, i) => value + part * (b[i] - value)) : a;
    axes();
    for (const loud of [false, true]) {
      for (let i = 0; i < count; i++) {
        if ((data.of[i] === chosen) !== loud) continue;
        pen.globalAlpha = chosen < 0 ? 0.75 : loud ? 1 : 0.15;
        pen.fillStyle = paint(data.groups[data.of[i]]);
        dot(i, size / (loud ? 110 : 140));
      }
    }
    const now = mean(points), x = toX(now[0]), y = toY(now[1]), arm = size / 60;
    pen.globalAlpha = 0.5; pen.strokeStyle = colour("--ink"); pen.lineWidth = 1.5;
    pen.beginPath();
    for (const [mx, my] of [...means.slice(0, before + 1), now]) pen.lineTo(toX(mx), toY(my));
    pen.stroke();
    pen.globalAlpha = 1; pen.lineWidth = 2.5;
    pen.beginPath();
    pen.moveTo(x - arm, y); pen.lineTo(x + arm, y); pen.moveTo(x, y - arm); pen.lineTo(x, y + arm);
    pen.stroke();
    const [wide, narrow] = spreads(points, now), fixed = (value) => sign(value.toFixed(data.decimals));
    byId("mean").textContent = `${fixed(now[0])}, ${fixed(now[1])}`;
    byId("wide").textContent = fixed(wide);
    byId("narrow").textContent = fixed(narrow);
  }
  function hover(event) {
    const box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let best = -1, least = 14 ** 2;
    for (let i = 0; i < count; i++) {
      const far = (toX(points[2 * i]) - x) ** 2 + (toY(points[2 * i + 1]) - y) ** 2;
      if (far < least) { least = far; best = i; }
    }
    tip.hidden = best < 0;
    if (best < 0) return;
    tip.textContent = data.names[data.name_of[best]];
    const px = toX(points[2 * best]), py = toY(points[2 * best + 1]);
    tip.style.left = px < size / 2 ? `${px + 12}px` : "auto";
    tip.style.right = px < size / 2 ? "auto" : `${size - px + 12}px`;
    tip.style.top = `${Math.max(4, py - 14)}px`;
  }
  function resize() {
    const ratio = devicePixelRatio || 1;
    size = chart.clientWidth;
    canvas.width = canvas.height = Math.round(size * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    show();
  }
  const colours = () => chips.forEach((chip, i) => { chip.querySelector("i").style.background = paint(data.groups[i]); });
  chips.forEach((chip, i) => chip.addEventListener("click", () => {
    chosen = chosen === i ? -1 : i;
    chips.forEach((other, j) => other.setAttribute("aria-pressed", String(j === chosen)));
    show();
  }));
  canvas.addEventListener("pointermove", hover);
  canvas.addEventListener("pointerdown", hover);
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  dark.addEventListener("change", () => { colours(); show(); });
  size = chart.clientWidth;
  const words = (frame) => `epoch ${data.epochs[frame]}`;
  show = animate({ count: data.frames.length, words, clock: words, draw: (place) => { tip.hidden = true; draw(place); }, tween: true });
  colours();
  new ResizeObserver(resize).observe(chart);
})();
