// A return request: what is sent is sent once, however often the button is tapped.
"use strict";
(() => {
  for (const form of document.querySelectorAll("#main form")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      else form.dataset.sent = "1";
    });
  }
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("#main form")) delete form.dataset.sent;
  });
})();
