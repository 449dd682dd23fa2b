// @ts-check
// A return request: what is sent is sent once, however often the button is tapped.
import { all } from "../lib/dom.js";

const forms = all("#main form");
for (const form of forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    else form.dataset.sent = "1";
  });
}
window.addEventListener("pageshow", () => {
  for (const form of all("#main form")) delete form.dataset.sent;
});
