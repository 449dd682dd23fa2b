// @ts-check
// The cells that count persons: a tap anywhere adds one, "−" takes one, a long press or a key opens the number pad.
import { all, byId, closest, element, inputs, query } from "../lib/dom.js";

const MOST = 99;
const LONG_PRESS = 500;
/** @type {Record<string, [number, number]>} */
const DIRECTIONS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/**
 * The number in a cell: 0 to 99, 0 for anything that is none.
 * @param {string} text
 */
export const countOf = (text) => Math.max(0, Math.min(MOST, parseInt(text, 10) || 0));
/**
 * What the number pad shows after a digit, or after "" for delete: two digits, the last typed.
 * @param {string} shown
 * @param {string} digit
 */
export const typeDigit = (shown, digit) => (digit === "" ? shown.slice(0, -1) || "0" : String(parseInt((shown + digit).slice(-2), 10)));
/**
 * The new number of a cell after a digit on the keyboard: it follows the last digit, or begins a number.
 * @param {number} n
 * @param {string} digit
 */
export const appendDigit = (n, digit) => parseInt(String(n % 10) + digit, 10) || parseInt(digit, 10);

/**
 * Moves the focus by an arrow key to the nearest item in that direction on the screen; one tab stop per group.
 * @param {KeyboardEvent} event
 * @param {HTMLElement[]} items
 */
export function moveFocus(event, items) {
  const direction = DIRECTIONS[event.key];
  if (!direction) return;
  const current = /** @type {HTMLElement} */ (event.target);
  const from = current.getBoundingClientRect();
  const [nearest] = items
    .filter((item) => item.offsetParent)
    .map((item) => {
      const box = item.getBoundingClientRect();
      const dx = box.left - from.left;
      const dy = box.top - from.top;
      const ahead = dx * direction[0] + dy * direction[1];
      return { item, ahead, cost: ahead + 3 * (Math.abs(dx * direction[1]) + Math.abs(dy * direction[0])) };
    })
    .filter(({ ahead }) => ahead > 4)
    .sort((a, b) => a.cost - b.cost);
  event.preventDefault();
  if (!nearest) return;
  current.tabIndex = -1;
  nearest.item.tabIndex = 0;
  nearest.item.focus();
}
/**
 * One tab stop for a group of choices; arrows move inside it.
 * @param {HTMLElement} root
 */
export function rovingTabindex(root) {
  const items = inputs(":scope > .chip input", root);
  items.forEach((item, n) => {
    item.tabIndex = n === 0 ? 0 : -1;
    item.addEventListener("keydown", (event) => moveFocus(event, items));
  });
}

/** @typedef {ReturnType<typeof createCells>} Cells */

/**
 * @param {HTMLFormElement} form
 * @param {() => void} onTap
 */
export function createCells(form, onTap) {
  const words = form.dataset;
  const total = byId("total", HTMLElement);
  const pad = byId("pad", HTMLDialogElement);
  const padValue = byId("pad-value", HTMLElement);
  /** @type {HTMLElement | null} */
  let keypadCell = null;
  let isArmed = false;

  const input = (/** @type {HTMLElement} */ cell) => query("input", HTMLInputElement, cell);
  const plusOf = (/** @type {HTMLElement} */ cell) => query(".plus", HTMLElement, cell);
  const count = (/** @type {HTMLElement} */ cell) => countOf(input(cell).value);
  const hasAny = () => all(".cell", form).some(count);
  /**
   * @param {HTMLElement} cell
   * @param {number} n
   */
  function setCount(cell, n) {
    input(cell).value = n > 0 ? String(Math.min(MOST, n)) : "";
    show(cell);
    showTotal();
  }
  /** @param {HTMLElement} cell */
  function show(cell) {
    const n = count(cell);
    cell.classList.toggle("some", n > 0);
    const plus = plusOf(cell);
    plus.textContent = String(n);
    plus.setAttribute("aria-label", `${cell.dataset.label}: ${n}, ${words.add}`);
    const panel = cell.closest(".panel");
    panel?.parentElement?.classList.toggle("holds", all(".cell.some", panel).length > 0);
  }
  function showTotal() {
    const n = all(".cell", form).reduce((sum, cell) => sum + count(cell), 0);
    total.textContent = (n === 0 ? words.nobody : n === 1 ? words.one : words.many?.replace("{n}", String(n))) || "";
  }

  // --- The number pad. ---
  /** @param {HTMLElement} cell */
  function openPad(cell) {
    keypadCell = cell;
    arm(false);
    byId("pad-title", HTMLElement).textContent = cell.dataset.label || "";
    padValue.textContent = "0";
    pad.showModal();
  }
  /**
   * Whether the next tap on a cell opens the pad.
   * @param {boolean} on
   */
  function arm(on) {
    isArmed = on;
    form.classList.toggle("keypad", on);
    for (const button of all("[data-pad]", form)) button.setAttribute("aria-pressed", String(on));
  }
  /** @param {string} digit */
  function type(digit) {
    padValue.textContent = typeDigit(padValue.textContent || "", digit);
  }
  function applyPad() {
    if (keypadCell) setCount(keypadCell, parseInt(padValue.textContent || "", 10));
    pad.close();
  }
  pad.addEventListener("click", (event) => {
    const key = closest(event, "button");
    if (!key) return;
    onTap();
    if ("done" in key.dataset) applyPad();
    else type(key.dataset.digit || "");
  });
  pad.addEventListener("keydown", (event) => {
    if (/^\d$/.test(event.key)) type(event.key);
    else if (event.key === "Backspace") type("");
    else if (event.key === "Enter") {
      event.preventDefault();
      applyPad();
    }
  });
  pad.addEventListener("close", () => {
    if (keypadCell) plusOf(keypadCell).focus();
  });

  // --- The two buttons of a cell. ---
  /** @param {HTMLElement} cell */
  function enhance(cell) {
    if (cell.querySelector(".plus")) {
      show(cell);
      return;
    }
    const plus = element("button", { type: "button", className: "plus", tabIndex: -1 });
    const minus = element("button", { type: "button", className: "minus", tabIndex: -1, textContent: "−" });
    minus.setAttribute("aria-label", `${cell.dataset.label}: ${words.less}`);
    cell.append(plus, minus);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let pressing;
    let wasLong = false;
    plus.addEventListener("pointerdown", () => {
      wasLong = false;
      pressing = setTimeout(() => {
        wasLong = true;
        openPad(cell);
      }, LONG_PRESS);
    });
    for (const name of ["pointerup", "pointerleave", "pointercancel"]) plus.addEventListener(name, () => clearTimeout(pressing));
    plus.addEventListener("contextmenu", (event) => event.preventDefault());
    plus.addEventListener("click", () => {
      if (wasLong) wasLong = false;
      else if (isArmed) openPad(cell);
      else setCount(cell, count(cell) + 1);
    });
    minus.addEventListener("click", () => {
      setCount(cell, count(cell) - 1);
      plus.focus();
    });
    plus.addEventListener("keydown", (event) => onKey(event, cell));
    show(cell);
  }
  /**
   * @param {KeyboardEvent} event
   * @param {HTMLElement} cell
   */
  function onKey(event, cell) {
    if (/^\d$/.test(event.key) && !event.ctrlKey && !event.metaKey) setCount(cell, appendDigit(count(cell), event.key));
    else if (event.key === "Backspace" || event.key === "-") setCount(cell, count(cell) - 1);
    else moveFocus(event, all(".cell", cell.parentElement || form).map(plusOf));
  }

  return { input, count, hasAny, show, showTotal, enhance, toggleArmed: () => arm(!isArmed) };
}
