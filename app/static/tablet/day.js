// The day without the network: what this tablet recorded, what became of it, and voiding one of them.
"use strict";
(() => {
  const ventanilla = (self.ventanilla ||= {});
  const list = document.getElementById("day");
  const row = document.getElementById("day-row");
  const problem = document.getElementById("day-problem");
  const total = (name, n) => { document.querySelector(`[data-total="${name}"]`).textContent = n; };

  async function redraw() {
    const [records, { device, shift, contact }] = await Promise.all([ventanilla.store.day(), ventanilla.store.many(["device", "shift", "contact"])]);
    const shape = new Intl.DateTimeFormat(ventanilla.chip.languages(), { timeStyle: "short", timeZone: device.desk.time_zone });
    const open = list.querySelector("[open]");
    if (open && records.length === list.children.length && records.every((one, n) => sameAs(list.children[list.children.length - 1 - n], one))) return;
    const at = (moment) => shape.format(moment + ((contact && contact.offset) || 0));
    list.replaceChildren(...records.map((one) => drawn(one, at)).reverse());
    document.getElementById("day-empty").hidden = records.length > 0;
    const since = shift ? records.filter((one) => one.at >= shift.since) : records;
    const live = since.filter((one) => one.state !== "void");
    total("saved", live.length);
    total("persons", live.reduce((sum, one) => sum + (one.kind === "consultation" ? one.n : 0), 0));
    total("voided", since.length - live.length);
    total("waiting", await ventanilla.store.waiting());
  }
  const sameAs = (line, one) => line.dataset.id === one.id && line.dataset.state === one.state;
  function drawn(one, at) {
    const line = row.content.cloneNode(true).firstElementChild;
    const words = list.dataset;
    Object.assign(line.dataset, { id: one.id, state: one.state });
    line.classList.toggle("void", one.state === "void");
    line.querySelector(".at").textContent = at(one.at);
    line.querySelector(".n").textContent = one.n === 1 ? words.one : words.many.replace("{n}", one.n);
    line.querySelector(".who-line").textContent = words[one.kind] || "";
    line.querySelector(".day-state").textContent = words[one.state];
    const actions = line.querySelector(".row-actions");
    if (one.state === "void" || one.kind !== "consultation") actions.remove();
    else actions.querySelectorAll("button").forEach((b) => b.addEventListener("click", () => voided(one.id, b.value)));
    const box = actions.querySelector("details");
    box.addEventListener("toggle", () => {
      if (box.open) list.querySelectorAll("details[open]").forEach((other) => { if (other !== box) other.open = false; });
    });
    return line;
  }
  async function voided(id, reason) {
    problem.hidden = true;
    try { await ventanilla.outbox.void(id, reason); } catch (error) {
      problem.textContent = problem.dataset[error.message] || problem.dataset.storage;
      problem.hidden = false;
    }
    list.querySelectorAll("details[open]").forEach((box) => { box.open = false; });
    await redraw();
  }

  ventanilla.ready.then((enrolled) => {
    if (!enrolled) return;
    const draw = () => redraw().catch(() => { problem.textContent = problem.dataset.storage; problem.hidden = false; });
    new BroadcastChannel("ventanilla").addEventListener("message", draw);
    draw();
  });
})();
