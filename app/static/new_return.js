// Opening a return request: one nationality stands at a time, and the country of return follows it until it is chosen.
"use strict";
(() => {
  const form = document.getElementById("new-return");
  const list = form.querySelector(".chip.other select");
  const back = form.elements.country_of_return, from = form.elements.country_of_departure;
  let chosen = back.value !== "";

  document.getElementById("nationality").addEventListener("change", (event) => {
    const code = event.target.value;
    if (event.target === list) form.querySelectorAll("[type=radio][name=nationality]").forEach((radio) => { radio.checked = false; });
    else list.value = "";
    if (chosen) return;
    back.value = code === from.value ? "" : code;
    if (back.selectedIndex < 0) back.value = "";
  });
  back.addEventListener("change", () => { chosen = back.value !== ""; });
})();
