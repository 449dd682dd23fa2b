// @ts-check
// What is being typed, ticked, open or focused in the inbox, carried over to a new drawing of it.
/** @typedef {Omit<HTMLInputElement, "type"> & Omit<HTMLSelectElement, "type"> & HTMLDetailsElement & { type: string }} Control */
/** @typedef {Map<string, (control: Control) => void>} Typed */

const CONTROLS = "input:not([type=hidden]), select, details, button, summary, a";

/** @param {Element} control */
function keysAround(control) {
  const keys = [];
  let at = control.closest("[data-key]");
  while (at instanceof HTMLElement) {
    keys.push(at.dataset.key);
    at = at.parentElement?.closest("[data-key]") || null;
  }
  return keys.join("|");
}
/** @param {Element} element */
function nameOf(element) {
  const control = /** @type {Control} */ (element);
  const value = control.value && /^(checkbox|submit)$/.test(control.type) ? control.value : "";
  return [keysAround(control), control.tagName, control.closest("form")?.dataset.action, control.name, value].join("/");
}
/**
 * How a control is brought back to its present state; null if it is as it was drawn.
 * @param {Control} control
 * @returns {((other: Control) => void) | null}
 */
function restorer(control) {
  const { tagName, type, value } = control;
  if (tagName === "DETAILS") {
    return control.open
      ? (other) => {
          other.open = true;
        }
      : null;
  }
  if (type === "checkbox") {
    return control.checked
      ? (other) => {
          other.checked = true;
        }
      : null;
  }
  const isChanged = tagName === "SELECT" ? control.selectedIndex > 0 : tagName === "INPUT" && value !== control.defaultValue;
  return isChanged
    ? (other) => {
        other.value = value;
      }
    : null;
}

/**
 * @param {HTMLElement} root
 * @returns {{ typed: Typed, focused: string }}
 */
export function typedState(root) {
  /** @type {Typed} */
  const typed = new Map();
  for (const control of root.querySelectorAll(CONTROLS)) {
    const restore = restorer(/** @type {Control} */ (control));
    if (restore) typed.set(nameOf(control), restore);
  }
  const active = document.activeElement;
  return { typed, focused: active && root.contains(active) ? nameOf(active) : "" };
}

/**
 * @param {HTMLElement} root
 * @param {{ typed: Typed, focused: string }} state
 */
export function restoreTyped(root, { typed, focused }) {
  for (const element of root.querySelectorAll(CONTROLS)) {
    const control = /** @type {Control} */ (element);
    typed.get(nameOf(control))?.(control);
    if (focused && nameOf(control) === focused) control.focus({ preventScroll: true });
  }
}
