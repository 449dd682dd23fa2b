// @ts-check
// The undo of the last save is offered for ten seconds; only one record's reasons are open at a time.
import { all } from "../lib/dom.js";

for (const form of all(".undo")) {
  setTimeout(() => {
    form.hidden = true;
  }, Number(form.dataset.seconds) * 1000);
}
const boxes = all(".voiding").map((box) => /** @type {HTMLDetailsElement} */ (box));
for (const box of boxes) {
  box.addEventListener("toggle", () => {
    if (!box.open) return;
    for (const other of boxes) if (other !== box) other.open = false;
  });
}
