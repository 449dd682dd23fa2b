// @ts-check
// What the scripts of one page share about the tablet: whether it is one, its chip, and the form that is open.

/**
 * The form on the page, if it has answers that a change of language or an update must not lose.
 * @typedef {object} OpenForm
 * @property {(() => boolean) | null} isDirty whether there are answers that are not saved yet
 * @property {(() => Promise<boolean>) | null} keep hands the answers to the worker; false if it does not hold them
 */
/** @type {OpenForm} */
export const openForm = { isDirty: null, keep: null };

/** @type {(isEnrolled: boolean) => void} */
let resolveReady;
/**
 * Whether this browser is an enrolled tablet; every page that saves asks this first.
 * @type {Promise<boolean>}
 */
export const ready = new Promise((resolve) => {
  resolveReady = resolve;
});
/** @param {boolean} isEnrolled */
export const settleReady = (isEnrolled) => resolveReady(isEnrolled);

/**
 * @param {string} state
 * @param {string | undefined} text
 */
export function showChip(state, text) {
  const chip = document.getElementById("tablet-chip");
  if (!chip || !chip.firstElementChild) return;
  chip.hidden = false;
  chip.dataset.state = state;
  chip.firstElementChild.textContent = text || "";
}
