/* What is wrong with a page, as a list of sentences; empty where nothing is. Every fold has to be open. */
() => {
  const faults = [];
  const told = (element) => element.outerHTML.slice(0, 90);
  const root = document.documentElement;
  if (root.scrollWidth > window.innerWidth) faults.push(`the page is ${root.scrollWidth} wide`);

  const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((h) => Number(h.tagName[1]));
  if (levels[0] !== 1 || levels.filter((level) => level === 1).length !== 1) faults.push("not one first heading");
  levels.forEach((level, k) => {
    if (k && level > levels[k - 1] + 1) faults.push(`heading ${k + 1} of level ${level} after ${levels[k - 1]}`);
  });

  for (const image of document.querySelectorAll("img, svg, canvas")) {
    const title = image.querySelector(":scope > title");
    const words = image.getAttribute("aria-label") || image.getAttribute("alt") || (title && title.textContent);
    if (!words || !words.trim()) faults.push(`no words: ${told(image)}`);
    if (image.matches("svg.figure") && !/\d/.test(words)) faults.push(`no numbers in words: ${told(image)}`);
  }

  for (const box of document.querySelectorAll("*")) {
    const look = getComputedStyle(box);
    if (["auto", "scroll"].includes(look.overflowX) && box.scrollWidth > box.clientWidth && box.tabIndex < 0)
      faults.push(`scrolls without a keyboard: ${told(box)}`);
  }

  /* Numbers: on one line, and wholly seen once their box is scrolled. */
  const boxOf = (element) => {
    for (let e = element; e && e !== root; e = e.parentElement)
      if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(e).overflowX) && !(e instanceof SVGElement))
        return e;
    return null;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let numbers = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (parent.closest("style, script, title, desc, .unseen") || !parent.checkVisibility()) continue;
    for (const match of node.textContent.matchAll(/(?<![\w.:/-])[-+]?\d[\d.]*(?:e[-+]?\d+)?(?![\w.:/-])/g)) {
      range.setStart(node, match.index);
      range.setEnd(node, match.index + match[0].length);
      const lines = [...range.getClientRects()].filter((r) => r.width > 0);
      const said = `${match[0]} in ${JSON.stringify(node.textContent.trim().slice(0, 50))}`;
      numbers += 1;
      if (!lines.length) continue;
      if (lines.some((r) => Math.abs(r.top - lines[0].top) > 3)) faults.push(`broken: ${said}`);
      const box = boxOf(parent);
      let seen = { left: 0, right: window.innerWidth };
      if (box) {
        const kept = box.scrollLeft;
        const here = box.getBoundingClientRect();
        box.scrollLeft += range.getBoundingClientRect().right - here.right + 4;
        if (range.getBoundingClientRect().left < here.left)
          box.scrollLeft -= here.left - range.getBoundingClientRect().left + 4;
        seen = { left: Math.max(0, here.left), right: Math.min(window.innerWidth, here.right) };
        const at = range.getBoundingClientRect();
        if (at.left < seen.left - 1 || at.right > seen.right + 1) faults.push(`cut: ${said}`);
        box.scrollLeft = kept;
      } else {
        const at = range.getBoundingClientRect();
        if (at.left < seen.left - 1 || at.right > seen.right + 1) faults.push(`cut: ${said}`);
      }
      const drawing = parent.closest("svg");
      if (drawing) {
        const frame = drawing.getBoundingClientRect();
        const at = parent.getBoundingClientRect();
        if (at.left < frame.left - 1 || at.right > frame.right + 1 || at.bottom > frame.bottom + 2)
          faults.push(`cut by its drawing: ${said}`);
      }
    }
  }
  if (!numbers) faults.push("no number at all");

  /* Contrast of words in drawings, which axe leaves out. */
  const channels = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
  const light = (colour) => {
    const [r, g, b] = channels(colour).slice(0, 3).map((c) => {
      const share = c / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const isSeen = (colour) => colour !== "none" && channels(colour).length >= 3 && channels(colour)[3] !== 0;
  const behind = (text) => {
    const middle = text.getBoundingClientRect();
    let shape = null;
    for (const other of text.ownerSVGElement.querySelectorAll("rect, circle, path")) {
      const look = getComputedStyle(other);
      const r = other.getBoundingClientRect();
      const x = (middle.left + middle.right) / 2;
      const y = (middle.top + middle.bottom) / 2;
      const before = other.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING;
      if (before && isSeen(look.fill) && look.fillOpacity > 0.9 && r.left <= x && x <= r.right && r.top <= y && y <= r.bottom)
        shape = look.fill;
    }
    for (let e = text.ownerSVGElement; !shape && e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (isSeen(colour)) shape = colour;
    }
    return shape || "rgb(255, 255, 255)";
  };
  for (const text of document.querySelectorAll("svg text")) {
    if (!text.checkVisibility()) continue;
    const [one, other] = [light(getComputedStyle(text).fill), light(behind(text))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(2)}: ${told(text)}`);
  }
  return faults;
}
