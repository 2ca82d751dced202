(() => {
  const sheet = byId("score"), caption = byId("caption"), parser = new DOMParser();
  const pages = data.pages.map((svg) => document.importNode(parser.parseFromString(svg, "image/svg+xml").documentElement, true));
  const count = data.captions.length, words = (frame) => data.captions[frame];
  const draw = (frame) => {
    sheet.replaceChildren(pages[data.page_of[frame]]);
    sheet.setAttribute("aria-label", `Original and reconstruction, ${words(frame)}`);
    caption.textContent = words(frame);
  };
  animate({ count, words, clock: (frame) => `${frame + 1} of ${count}`, draw, tween: false });
})();
