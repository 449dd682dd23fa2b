// @ts-check
// The visitor card of a consultation: its code is checked at once, as on the server; the people of last time are offered.
import { all, byId, field, fillText, query } from "../lib/dom.js";

/** @import { Cells } from "./cells.js" */
/** @import { Group } from "./form_state.js" */
/** @import { Groups } from "./groups.js" */
/** @import { ShowMessage } from "./messages.js" */

/** @typedef {{ before?: string, groups: Group[] }} CardLookup what the server answers of a card */

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 15;
const MODULUS = 37;

/**
 * A typed code without spaces and dashes, characters that look alike made one (app/check_codes.py).
 * @param {string} text
 */
export const normalizeCode = (text) =>
  text
    .toUpperCase()
    .replace(/[\s\-_\u2010-\u2015\u2212]/g, "")
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1");
/**
 * Whether a normalized code is whole and its check character is right.
 * @param {string} code
 */
export function isCode(code) {
  if (code.length !== LENGTH || [...code].some((character) => !ALPHABET.includes(character))) return false;
  const sum = [...code.slice(0, -1)].reduce((rest, character) => (rest * 32 + ALPHABET.indexOf(character)) % MODULUS, 0);
  return sum === ALPHABET.indexOf(code[LENGTH - 1]);
}

/**
 * @param {object} page
 * @param {HTMLFormElement} page.form
 * @param {Cells} page.cells
 * @param {Groups} page.groups
 * @param {() => void} page.redraw
 * @param {(url: string, body: unknown) => Promise<Response>} page.post
 * @param {ShowMessage} page.showMessage
 */
export function createCard({ form, cells, groups, redraw, post, showMessage }) {
  const card = byId("card", HTMLInputElement);
  const box = /** @type {HTMLElement} */ (card.closest(".card-box"));
  const offer = byId("card-offer", HTMLElement);
  const useButton = query("[data-use]", HTMLElement, box);
  /** @type {Group[] | null} */
  let offered = null;
  let looked = "";
  const focusCells = () => query(".known .plus", HTMLElement, form).focus({ preventScroll: true });

  /** @param {string | undefined} problem */
  function showProblem(problem) {
    const line = byId("p-card", HTMLElement);
    line.textContent = problem || "";
    line.hidden = !problem;
    box.classList.toggle("wrong", Boolean(problem));
    card.setAttribute("aria-invalid", String(Boolean(problem)));
  }
  /** @param {string | undefined} answer */
  function markSaveButton(answer) {
    for (const button of all("button.save", form)) {
      if (/** @type {HTMLButtonElement} */ (button).value === answer) button.dataset.suggested = form.dataset.suggested;
      else delete button.dataset.suggested;
    }
  }
  /**
   * @param {CardLookup | null} found
   * @param {boolean} [isQuiet] somebody is counted already: they are not offered
   */
  function offerLast(found, isQuiet = false) {
    offered = found?.groups.length ? found.groups : null;
    const n = (offered || []).flatMap((group) => group.persons).reduce((sum, persons) => sum + persons.n, 0);
    const words = offer.dataset;
    offer.textContent = (!found ? "" : n === 0 ? words.new : n === 1 ? words.one : fillText(words.many, { n })) || "";
    useButton.hidden = !offered || isQuiet;
    box.classList.toggle("known", Boolean(found));
    box.classList.toggle("offers", Boolean(offered) && !isQuiet);
    markSaveButton(found?.before);
  }
  /**
   * @param {boolean} [isFinished] the box was left, so that too few characters are wrong as well; false after an undo
   */
  async function check(isFinished) {
    const code = normalizeCode(card.value);
    const isRight = isCode(code);
    if (isRight) card.value = (code.match(/.{5}/g) || []).join("-");
    if (isRight && code === looked) return;
    looked = code;
    offerLast(null);
    showProblem(code && !isRight && (code.length >= LENGTH || isFinished) ? card.dataset.wrong : "");
    if (!isRight) return;
    box.classList.add("known");
    if (card.dataset.look) await lookUp(code, card.dataset.look, isFinished);
  }
  /**
   * @param {string} code
   * @param {string} address
   * @param {boolean} [isFinished]
   */
  async function lookUp(code, address, isFinished) {
    const hasCounts = cells.hasAny();
    try {
      const response = await post(address, { card: code, desk: field(form, "desk").value, held_on: field(form, "held_on").value || null });
      const answer = await response.json();
      if (looked !== code) return;
      if (response.ok) {
        offerLast(answer, hasCounts && isFinished === false);
        moveOn();
      } else if (answer.problems) {
        box.classList.remove("known");
        showProblem(answer.problems.find((/** @type {{ field: string }} */ problem) => problem.field === "card")?.message);
      }
    } catch {
      looked = ""; // no network: the code itself is right, and is looked up again when the box is left
    }
  }
  /** The box is done: on to the offer, or to the cells that its panel would cover. */
  function moveOn() {
    if (document.activeElement !== card) return;
    if (offered) {
      useButton.focus({ preventScroll: true });
      return;
    }
    showMessage(offer.textContent || "");
    focusCells();
  }
  function useLast() {
    if (!offered) return;
    while (groups.list().length < offered.length) groups.add();
    for (const cell of all(".cell", form)) cells.input(cell).value = "";
    for (const [n, { nationality, situation, persons }] of offered.entries()) {
      const group = groups.list()[n];
      groups.setNationality(group, nationality);
      field(form, `groups-${n}-situation`).value = situation;
      for (const { sex, age_band, n: number } of persons) {
        query(`[name="groups-${n}-${sex}-${age_band}"]`, HTMLInputElement, group).value = String(number);
      }
    }
    useButton.hidden = true;
    box.classList.remove("offers");
    redraw();
    focusCells();
  }
  card.addEventListener("input", () => check());
  card.addEventListener("change", () => check(true));
  card.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    check(true);
  });
  field(form, "held_on").addEventListener("change", () => {
    looked = "";
    check(true);
  });
  useButton.addEventListener("click", useLast);

  // --- Scanning, if the browser can: typing the code is always possible. ---
  if ("BarcodeDetector" in self && navigator.mediaDevices) {
    const button = query("[data-scan]", HTMLElement, box);
    button.hidden = false;
    button.addEventListener("click", () => {
      openScanner().catch(() => card.focus()); // no network to load it: the code can be typed
    });
  }
  /** Loaded by the few who scan. */
  async function openScanner() {
    const { scan } = await import("./scanner.js");
    await scan((code) => {
      card.value = code;
      check(true);
      card.focus();
    });
  }

  return {
    box,
    input: card,
    check,
    clear() {
      card.value = "";
      check(false);
    },
    isWrong: () => {
      const code = normalizeCode(card.value);
      return Boolean(code) && !isCode(code);
    },
  };
}
