// @ts-check
// What the form reports: a message at the bottom with an undo, and what is wrong, each at its place.
import { all, byId, element } from "../lib/dom.js";
import { problemPlace } from "./form_state.js";

/** @import { Problem } from "./form_state.js" */

const SHOWN_FOR = 10_000;

/** @typedef {(text: string | undefined, undo?: (() => Promise<void>) | null, links?: [string, string][]) => void} ShowMessage */

/** @param {DOMStringMap} words */
export function createToast(words) {
  const box = byId("toast", HTMLElement);
  let isUndoOffered = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let fading;
  function hide() {
    box.hidden = true;
    isUndoOffered = false;
  }
  /** @type {ShowMessage} */
  function show(text, undo = null, links = []) {
    clearTimeout(fading);
    box.replaceChildren(element("span", { textContent: text || "" }));
    for (const [href, textContent] of links) box.append(element("a", { href, textContent }));
    if (undo) {
      const button = element("button", { type: "button", textContent: words.undo || "" });
      button.addEventListener("click", () => {
        hide();
        undo().catch(() => show(words.offline));
      });
      box.append(button);
    }
    box.hidden = false;
    isUndoOffered = Boolean(undo);
    fading = setTimeout(hide, SHOWN_FOR);
  }
  return { show, isUndoOffered: () => isUndoOffered };
}

/**
 * Shows each problem at its answer, and leads to the first one.
 * @param {HTMLFormElement} form
 * @param {Problem[]} problems
 * @param {{ activate: (group: number) => void, showMessage: ShowMessage, card: { box: HTMLElement, input: HTMLElement } }} page
 */
export function showProblems(form, problems, { activate, showMessage, card }) {
  const cardProblem = byId("p-card", HTMLElement);
  for (const line of all(".problem", form)) line.hidden = true;
  /** @type {string[]} */
  const groups = [];
  for (const { field: name, message } of problems) {
    const { id, group } = problemPlace(name);
    const line = document.getElementById(id);
    if (!line) {
      showMessage(message);
      continue;
    }
    line.textContent = message;
    line.hidden = false;
    groups.push(name === "card" ? "0" : group);
  }
  card.box.classList.toggle("wrong", !cardProblem.hidden);
  if (!groups.length) return;
  const wrongGroups = groups.filter((group) => group !== "").map(Number);
  if (wrongGroups.length) activate(Math.min(...wrongGroups));
  const part = all(".problem:not([hidden])", form)
    .map((line) => line.closest(".part"))
    .find((found) => found instanceof HTMLElement && found.offsetParent);
  if (!part) return;
  const wrongCard = !cardProblem.hidden && card.input.offsetParent ? [card.input] : [];
  const targets = [...wrongCard, ...all(".plus[tabindex='0'], .chip input, select, input:not(#card)", part)];
  targets.find((target) => target.offsetParent)?.focus({ preventScroll: true });
  part.scrollIntoView({ block: "nearest" });
}
