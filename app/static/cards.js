// The button that prints the sheet of cards; without scripts the browser's own menu does it.
"use strict";
document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => print()));
