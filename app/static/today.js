// The undo of the last save is offered for ten seconds; only one record's reasons are open at a time.
"use strict";
(() => {
  document.querySelectorAll(".undo").forEach((form) => {
    setTimeout(() => { form.hidden = true; }, Number(form.dataset.seconds) * 1000);
  });
  const open = [...document.querySelectorAll(".voiding")];
  open.forEach((one) => one.addEventListener("toggle", () => {
    if (one.open) open.filter((other) => other !== one).forEach((other) => { other.open = false; });
  }));
})();
