// @ts-check
// The button that prints the page; without scripts the browser's own menu does it.
import { all } from "../lib/dom.js";

for (const button of all("[data-print]")) button.addEventListener("click", () => print());
