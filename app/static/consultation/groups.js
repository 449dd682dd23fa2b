// @ts-check
// The groups of one consultation: one nationality at a time on the screen, up to eight.
import { all, element, field, inputs, query } from "../lib/dom.js";

/** @import { Cells } from "./cells.js" */
/** @import { Group } from "./form_state.js" */

const MOST = 8;
const LETTERS = "ABCDEFGH";

/** @typedef {ReturnType<typeof createGroups>} Groups */

/**
 * @param {HTMLFormElement} form
 * @param {Cells} cells
 */
export function createGroups(form, cells) {
  const list = () => all(":scope > .group", form);
  const situations = () => all(".situation", form);
  const nationalitySelect = (/** @type {HTMLElement} */ group) => query(".other select", HTMLSelectElement, group);
  const nationalityRadios = (/** @type {HTMLElement} */ group) => inputs(".from input[type=radio]", group);

  /** @param {number} n */
  function activate(n) {
    for (const parts of [list(), situations()]) for (const [place, part] of parts.entries()) part.classList.toggle("away", place !== n);
    for (const [place, tab] of all(".group-tabs button", form).entries()) tab.setAttribute("aria-current", String(place === n));
  }
  function drawTabs() {
    const groups = list();
    let line = form.querySelector(".group-tabs");
    if (groups.length < 2) {
      line?.remove();
      return;
    }
    if (!line) {
      line = element("div", { className: "group-tabs" });
      form.insertBefore(line, groups[0]);
    }
    line.replaceChildren(
      ...groups.map((_, n) => {
        const textContent = form.dataset.group?.replace("{letter}", LETTERS[n]) || "";
        const tab = element("button", { type: "button", className: "button-quiet", textContent });
        tab.addEventListener("click", () => activate(n));
        return tab;
      }),
    );
  }
  /**
   * @param {HTMLElement} node
   * @param {number} n
   */
  function renumber(node, n) {
    node.dataset.group = String(n);
    for (const input of inputs("[name^=groups-]", node)) input.name = input.name.replace(/^groups-\d/, `groups-${n}`);
    for (const part of all("[id]", node)) part.id = part.id.replace(/\d(?=$|-)/, String(n));
    for (const part of all("[aria-labelledby]", node)) {
      part.setAttribute("aria-labelledby", (part.getAttribute("aria-labelledby") || "").replace(/\d$/, String(n)));
    }
    for (const label of all("label[for]", node)) {
      /** @type {HTMLLabelElement} */ (label).htmlFor = /** @type {HTMLLabelElement} */ (label).htmlFor.replace(/\d(?=$|-)/, String(n));
    }
  }
  function add() {
    const n = list().length;
    if (n >= MOST) return;
    const group = /** @type {HTMLElement} */ (list()[0].cloneNode(true));
    renumber(group, n);
    for (const part of all(".plus, .minus, .card-box", group)) part.remove();
    for (const input of inputs("input[type=number]", group)) input.value = "";
    for (const input of inputs("input[type=radio]", group)) input.checked = false;
    list()[n - 1].after(group);
    const situation = /** @type {HTMLElement} */ (situations()[0].cloneNode(true));
    renumber(situation, n);
    situations()[n - 1].after(situation);
    enhance(group);
    drawTabs();
    activate(n);
    query(".plus", HTMLElement, group).focus();
  }
  /** @param {HTMLElement} group */
  function enhance(group) {
    for (const cell of all(".cell", group)) cells.enhance(cell);
    const first = group.querySelector(".known .plus");
    if (first instanceof HTMLElement) first.tabIndex = 0;
    for (const button of all("[data-more]", group)) {
      button.addEventListener("click", (event) => {
        event.preventDefault();
        add();
      });
    }
    for (const button of all("[data-pad]", group)) button.addEventListener("click", cells.toggleArmed);
    const select = nationalitySelect(group);
    const radios = nationalityRadios(group);
    select.addEventListener("change", () => {
      if (select.value) for (const radio of radios) radio.checked = false;
      markOther(group);
    });
    for (const radio of radios) {
      radio.addEventListener("change", () => {
        select.value = "";
        markOther(group);
      });
    }
    markOther(group);
  }
  /** @param {HTMLElement} group */
  function markOther(group) {
    query(".chip.other", HTMLElement, group).classList.toggle("chosen", Boolean(nationalitySelect(group).value));
  }
  /**
   * @param {HTMLElement} group
   * @param {string} code
   */
  function setNationality(group, code) {
    const radios = nationalityRadios(group);
    for (const radio of radios) radio.checked = radio.value === code;
    nationalitySelect(group).value = radios.some((radio) => radio.checked) ? "" : code;
  }
  /**
   * The answers of every group that has any, always of the first.
   * @param {string} repeat whether they came before, for groups that do not say
   * @returns {Group[]}
   */
  function read(repeat) {
    const groups = list().map((group, n) => {
      const radio = nationalityRadios(group).find((choice) => choice.checked);
      const before = inputs(".before input:checked", group)[0];
      const persons = all(".cell", group)
        .filter(cells.count)
        .map((cell) => {
          const [, sex, age_band] = cells.input(cell).name.match(/^groups-\d-(female|male|other|not_stated)-(.+)$/) || [];
          return { sex, age_band, n: cells.count(cell) };
        });
      const nationality = (radio || nationalitySelect(group)).value;
      const answers = { nationality, situation: field(form, `groups-${n}-situation`).value, persons };
      const repeat_contact = before ? before.value : repeat;
      return repeat_contact ? { ...answers, repeat_contact } : answers;
    });
    return groups.filter((group, n) => n === 0 || group.nationality || group.persons.length);
  }
  function removeAdded() {
    for (const part of [...list().slice(1), ...situations().slice(1)]) part.remove();
  }
  function redraw() {
    drawTabs();
    activate(0);
    for (const cell of all(".cell", form)) cells.show(cell);
    for (const group of list()) markOther(group);
  }

  return { list, situations, activate, add, enhance, setNationality, read, removeAdded, redraw };
}
