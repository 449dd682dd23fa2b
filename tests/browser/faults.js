// What a designer's eye would find on a page: sideways scroll, small targets, clipped labels, tiny type.
() => {
  const isVisible = (e) => {
    const r = e.getBoundingClientRect();
    return e.offsetParent !== null && r.width > 1 && r.height > 1 && e.checkVisibility({ contentVisibilityAuto: true });
  };
  const name = (e) => (e.innerText || e.name || e.tagName).trim().slice(0, 40);
  const all = (selector) => [...document.querySelectorAll(selector)].filter(isVisible);
  const small = all("a[href], button, input:not([type=hidden]), select, summary").filter((e) => {
    const r = (e.closest("label") || e).getBoundingClientRect();
    return !e.matches(".skip") && r.height < 43.5 && r.width < 600;
  });
  const clipped = all("button, label, a, th, td, h1, h2, legend, .chip span, .head, summary, dt, dd").filter((e) => {
    const style = getComputedStyle(e);
    return e.scrollWidth > e.clientWidth + 1 && style.display !== "inline" && style.overflowX === "visible";
  });
  const tiny = all("body *").filter((e) => {
    const hasText = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    return hasText && parseFloat(getComputedStyle(e).fontSize) < 14 && !e.closest("svg");
  });
  return {
    sideways: document.documentElement.scrollWidth > innerWidth + 1,
    small: small.map(name),
    clipped: clipped.map(name),
    tiny: tiny.map(name),
  };
}
