// @ts-check
// How long ago something was, or how long is left, in the units and by the limits that the server names in `#units`
// (app/web/relative_time.py counts the same way).

/**
 * @typedef {object} Unit
 * @property {number} seconds in one of it
 * @property {number | null} below the unit is used for less than so many seconds; null for the last one
 * @property {string} pattern with # for the number
 */

/**
 * What is over is rounded down; of what is left, a minute begun counts.
 * @param {number} seconds from now, negative for the past
 * @param {Unit[]} units from the smallest
 */
export function span(seconds, units) {
  const rounded = seconds < 0 ? -seconds : Math.ceil(seconds / units[0].seconds) * units[0].seconds;
  const unit = units.find(({ below }) => below === null || rounded < below) || units[units.length - 1];
  const n = Math.floor(rounded / unit.seconds);
  return { n, text: unit.pattern.replace("#", String(n)) };
}

/** Brings every `time.span` of the page up to date. */
export function updateSpans() {
  /** @type {Unit[]} */
  const units = JSON.parse(document.getElementById("units")?.dataset.units || "[]");
  for (const time of document.querySelectorAll("time.span")) {
    if (!(time instanceof HTMLTimeElement)) continue;
    const { n, text } = span((Date.parse(time.dateTime) - Date.now()) / 1000, units);
    const shown = !n && time.dataset.now ? time.dataset.now : (time.dataset.pattern || "").replace("#", text);
    if (time.textContent !== shown) time.textContent = shown;
  }
}
