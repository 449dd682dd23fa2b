// @ts-check
// Opening a return request: only one nationality is chosen at a time, and the country of return follows it until that
// country is chosen by hand.
import { byId, field, inputs, query } from "../lib/dom.js";

const form = byId("new-return", HTMLFormElement);
const list = query(".chip.other select", HTMLSelectElement, form);
const returnTo = query("select[name=country_of_return]", HTMLSelectElement, form);
const departure = field(form, "country_of_departure");
let isChosen = returnTo.value !== "";

byId("nationality", HTMLElement).addEventListener("change", (event) => {
  const changed = /** @type {HTMLInputElement | HTMLSelectElement} */ (event.target);
  if (changed === list) {
    for (const radio of inputs("[type=radio][name=nationality]", form)) radio.checked = false;
  } else list.value = "";
  if (isChosen) return;
  returnTo.value = changed.value === departure.value ? "" : changed.value;
  if (returnTo.selectedIndex < 0) returnTo.value = "";
});
returnTo.addEventListener("change", () => {
  isChosen = returnTo.value !== "";
});
