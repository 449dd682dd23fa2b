// Referring without the network: whom to call, a notice that waits in the queue, a slip that promises nothing.
"use strict";
(() => {
  const ventanilla = (self.ventanilla ||= {});
  const form = document.getElementById("refer-offline");
  const PATIENCE = 15000;

  // --- A notice: what the server's page would send, and when it was written by the server's clock. ---
  const personsOf = (fields) => [...fields].filter(([name, n]) => name.startsWith("persons-") && Number(n) > 0)
    .map(([name, n]) => { const [, sex, age_band] = name.split("-"); return { sex, age_band, n: Math.min(99, Math.floor(Number(n))) }; });
  const numberIn = (persons) => persons.reduce((sum, some) => sum + some.n, 0);
  async function leave(content) {
    const { person, contact, device } = await ventanilla.store.many(["person", "contact", "device"]);
    if (person && person.role && person.role !== "desk_staff") throw new Error("closed");
    if (!(await ventanilla.hasRoom())) throw new Error("no_room");
    const written_at = new Date(Date.now() + ((contact && contact.offset) || 0)).toISOString();
    const whole = { desk: device && device.desk.code, ...content, written_at };
    try { await ventanilla.outbox.save("referral", whole, numberIn(content.persons)); } catch (error) {
      // The number is kept already: of a try that could not be confirmed, with the same answers.
      if (error.message !== "taken") throw error;
    }
  }

  // --- The server's page, where the network went away meanwhile: the same number, so that whatever arrives is one referral. ---
  const PLAIN = ["id", "desk", "from_consultation", "service", "bed_category", "priority", "language", "note"];
  function contentOf(fields) {
    const said = Object.fromEntries(PLAIN.filter((name) => fields.get(name)).map((name) => [name, fields.get(name)]));
    const shelters = fields.getAll(fields.has("several") ? "offers" : "shelters");
    const ticks = { consent: fields.has("consent"), confirmed: fields.has("confirmed") };
    return { ...said, shelters, flags: fields.getAll("flags"), persons: personsOf(fields), ...ticks };
  }
  // Answers the id of what was sent, or whether nobody answered who knows us.
  async function send(address, fields) {
    const headers = { Accept: "application/json" };
    const answer = await fetch(address, { method: "POST", body: new URLSearchParams(fields), headers, signal: AbortSignal.timeout(PATIENCE) }).catch(() => null);
    if (answer && !answer.ok) return { isAway: false };
    const said = answer && await answer.json().catch(() => null);
    return said && said.id ? { id: said.id } : { isAway: true };
  }
  async function isOfDesk(code) {
    const device = await ventanilla.outbox.device();
    return Boolean(device && device.desk.code === code);
  }
  ventanilla.notices = { leave, contentOf, send, isOfDesk };
  if (form) ventanilla.ready.then((enrolled) => { if (enrolled) offering(); });

  function offering() {
    const left = document.getElementById("left");
    const problems = JSON.parse(form.dataset.problems);
    let last = { said: "", id: "" }, leaving = false;
    form.addEventListener("input", judge);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("click", (event) => { if (event.target.closest("[data-leave]")) leaveAt(event.target.closest("[data-shelter], [data-service]")); });
    left.querySelector("[data-again]").addEventListener("click", again);
    ventanilla.isDirty = () => !left.hidden || persons().length > 0;
    ventanilla.keep = async () => Boolean((await ventanilla.askWorker({ keep: { refer: [...new FormData(form)] } }) || {}).kept);
    ventanilla.askWorker({ take: true }).then((said) => { if (said && said.held && said.held.refer) fill(said.held.refer); });
    judge();

    // The answers across a change of language.
    function fill(answers) {
      answers.forEach(([name, value]) => {
        const field = form.elements[name];
        if (!field) return;
        if (field.type === "checkbox") field.checked = true; else field.value = value;
      });
      judge();
    }
    function persons() { return personsOf(new FormData(form)); }

    // --- What the server would refuse is not offered: a shelter that does not take the group, a shelter for a child alone. ---
    function judge() {
      const group = persons(), n = numberIn(group);
      const line = document.getElementById("party");
      line.textContent = n ? line.dataset.people.replace("{n}", n) : line.dataset.nobody;
      const children = form.dataset.children.split(" ");
      const alone = n > 0 && group.every((some) => children.includes(some.age_band));
      document.getElementById("child-alone").hidden = !alone;
      document.getElementById("shelters").hidden = alone;
      form.querySelectorAll("[data-shelter]").forEach((card) => { card.querySelector("[data-leave]").disabled = refuses(card, group); });
      if (n) document.getElementById("p-persons").hidden = true;
      if (form.elements.consent.checked) toldConsent(false);
    }
    function refuses(card, group) {
      const isMixed = new Set(group.map((some) => some.sex)).size > 1;
      const cells = group.map((some) => `${some.sex}-${some.age_band}`);
      const whys = [...card.querySelectorAll("[data-why]")];
      whys.forEach((why) => { why.hidden = why.dataset.cells ? !why.dataset.cells.split(" ").some((cell) => cells.includes(cell)) : !isMixed; });
      return whys.some((why) => !why.hidden);
    }
    function toldConsent(wrong) {
      document.getElementById("p-consent").hidden = !wrong;
      form.querySelector(".consent").closest(".agrees").classList.toggle("wrong", wrong);
    }
    function isWrong(n) {
      const line = document.getElementById("p-persons");
      line.hidden = n > 0 && n <= Number(form.dataset.most);
      line.textContent = line.hidden ? "" : n ? line.dataset.many : line.dataset.nobody;
      toldConsent(!form.elements.consent.checked);
      const first = !line.hidden ? form.querySelector(".counters input") : form.elements.consent.checked ? null : form.elements.consent;
      if (first) first.focus();
      return Boolean(first);
    }

    // --- Leaving it: said to wait only when the tablet has it for good. ---
    async function leaveAt(where) {
      const group = persons(), told = document.getElementById("p-kept");
      if (leaving || isWrong(numberIn(group))) return;
      leaving = true;
      told.hidden = true;
      try {
        await leave(contentOf(where, group));
        show(where, numberIn(group));
      } catch (error) {
        told.textContent = problems[error.message] || problems.storage;
        told.hidden = false;
        told.scrollIntoView({ block: "center" });
      }
      leaving = false;
    }
    // The same answers keep their number: whatever went wrong, they are one referral.
    function contentOf(where, group) {
      const { shelter, service } = where.dataset;
      const { priority, language } = form.elements;
      const to = service ? { service } : { shelters: [shelter] };
      const said = { ...to, priority: priority.value, persons: group, language: language.value, consent: true };
      if (last.said !== JSON.stringify(said)) last = { said: JSON.stringify(said), id: ventanilla.uuid() };
      return { id: last.id, ...said };
    }

    // --- The slip: the shelter and a number of people, in Spanish and the language of who carries it. ---
    function show(where, n) {
      const facts = where.dataset;
      const option = form.elements.language.selectedOptions[0];
      const columns = [...left.querySelectorAll(".slip-words > [lang]")];
      columns.forEach((column) => { column.hidden = !["es", option.dataset.locale].includes(column.lang); });
      const shown = columns.filter((column) => !column.hidden);
      left.querySelector(".slip-words").classList.toggle("two", shown.length > 1);
      shown.forEach((column) => write(column, facts, n));
      left.querySelectorAll("[data-slip]").forEach((line) => {
        const text = facts[line.dataset.slip];
        line.textContent = text ? (line.dataset.mark || "") + text : "";
        line.hidden = !text;
      });
      if (!facts.name) name(shown);
      call(facts.phone);
      form.hidden = true;
      left.hidden = false;
      document.getElementById("t-left").focus();
    }
    function write(column, facts, n) {
      const people = column.querySelector("[data-words]"), hours = column.querySelector("[data-hours]");
      people.textContent = people.dataset.words.replace("{n}", n);
      hours.hidden = !facts.hours;
      hours.textContent = facts.first && facts.last ? hours.dataset.hours.replace("{first}", facts.first).replace("{last}", facts.last) : hours.dataset.any;
    }
    function name(shown) {
      const line = left.querySelector('[data-slip="name"]');
      line.replaceChildren(...shown.flatMap((column, at) => [at ? " · " : "", Object.assign(document.createElement("span"), { lang: column.lang, textContent: column.dataset.reserved })]));
      line.hidden = false;
    }
    function call(phone) {
      const link = left.querySelector("[data-call]");
      link.hidden = !phone;
      link.href = `tel:${(phone || "").replaceAll(" ", "")}`;
      link.querySelector(".phone").textContent = phone || "";
    }
    function again() {
      form.reset();
      last = { said: "", id: "" };
      left.hidden = true;
      form.hidden = false;
      judge();
      document.getElementById("title").focus();
    }
  }
})();
