// Two consultations in a row that are alike and close together may be the same people saved twice: asks, never refuses.
// What it compares stays in the memory of this page.
"use strict";
(() => {
  const ventanilla = (self.ventanilla ||= {});
  const SOON = 90000;
  const box = document.getElementById("alike");
  let last = null;

  function signOf({ held_on, groups, topics }) {
    const people = groups.map(({ nationality, persons }) => [nationality, persons.map(({ sex, age_band, n }) => [sex, age_band, n].join(" ")).sort()]);
    return JSON.stringify([held_on, people.map((group) => JSON.stringify(group)).sort(), [...topics].sort()]);
  }
  const isAlike = (sent) => last !== null && Math.abs(Date.now() - last.at) <= SOON && last.sign === signOf(sent);
  function choose() {
    return new Promise((chosen) => {
      box.returnValue = "";
      box.addEventListener("close", () => chosen(box.returnValue), { once: true });
      box.showModal();
    });
  }

  ventanilla.alike = {
    // Resolves to "save", to "drop", or to "" for whoever wants to look at the answers again.
    ask: async (sent) => (isAlike(sent) ? choose() : "save"),
    note(sent) { last = { id: sent.id, sign: signOf(sent), at: Date.now() }; },
    forget(id) { if (last && last.id === id) last = null; },
  };
})();
