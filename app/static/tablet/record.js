// The form of a consultation on an enrolled tablet: checked here, sealed and kept here, taken back by a voiding.
"use strict";
(() => {
  const ventanilla = (self.ventanilla ||= {});
  const MOST_DAYS = 60, MOST_PERSONS = 200, PATIENCE = 1500;
  const html = document.documentElement;
  let page = null, words = {}, offset = 0, zone = "UTC";

  // --- Days, at the desk and by the server's clock. ---
  function today() {
    const shape = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
    return shape.format(Date.now() + offset);
  }
  const before = (day, days) => new Date(Date.parse(day) - days * 86400000).toISOString().slice(0, 10);
  const lastDay = () => [today(), page.form.dataset.closes || today()].sort()[0];
  function setDay() {
    const field = page.form.elements.held_on, last = lastDay();
    if (!field.value || field.value === field.max || field.value > last) field.value = last;
    field.max = last;
    if (page.tally) page.tally.elements.held_on.value = last;
    const early = page.form.querySelector('button.save[value="first_this_month"]');
    if (early && html.dataset.shell) early.hidden = isFirstMonth(field.value);
  }
  const isFirstMonth = (day) => Number(day.slice(5, 7)) === Number(page.form.dataset.yearStart);

  // --- What the server would refuse is said here, in its own words and at the same place. ---
  function wrongDay(day) {
    const { opened, closes } = page.form.dataset;
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return "not_a_date";
    if (day > today()) return "in_future";
    if (opened && day < opened) return "before_opening";
    if (closes && day > closes) return "desk_closed";
    return day < before(today(), MOST_DAYS) ? "too_long_ago" : "";
  }
  const personsOf = (groups) => groups.flatMap((group) => group.persons).reduce((sum, some) => sum + some.n, 0);
  function problemsOf(sent) {
    const found = [];
    const say = (field, code) => { if (code) found.push({ field, message: words[code] }); };
    say("held_on", wrongDay(sent.held_on));
    if (!sent.groups) return found;
    sent.groups.forEach((group, n) => {
      say(`groups.${n}.persons`, group.persons.length ? "" : "no_people");
      say(`groups.${n}.nationality`, group.nationality ? "" : "required");
      say(`groups.${n}.repeat_contact`, wrongAnswer(group.repeat_contact, sent.held_on));
    });
    say("groups", personsOf(sent.groups) > MOST_PERSONS ? "too_many_people" : "");
    say("topics", sent.topics.length ? "" : "required");
    say("outcomes", sent.outcomes.length ? "" : "required");
    say("flags", sent.flags.includes("none") && sent.flags.length > 1 ? "excludes_others" : "");
    say("card", page.card.isWrong() ? "card_mistyped" : "");
    return found;
  }
  function wrongAnswer(answer, day) {
    if (!answer) return "required";
    return answer === "first_this_month" && isFirstMonth(day) ? "impossible_answer" : "";
  }

  // --- Keeping: said to be saved only when the tablet has it for good. ---
  async function keep(sent) {
    offset = await clockOffset();
    const problems = problemsOf(sent);
    if (problems.length) return { problems };
    if (!(await mayRecord())) return { problem: words.closed };
    if (!(await ventanilla.hasRoom())) return { problem: words.no_room };
    try {
      await saveOnce(sent);
    } catch (error) { return { problem: words[error.message] || words.storage }; }
    if (sent.channel) rememberUsual(sent);
    return { kept: true };
  }
  // A number that is kept already comes from a try that was not confirmed: that one is taken back, as its answers may differ.
  async function saveOnce(sent) {
    const put = () => ventanilla.outbox.save("consultation", sent, sent.groups ? personsOf(sent.groups) : 0);
    try { await put(); } catch (error) {
      if (error.message !== "taken") throw error;
      await undo(sent.id);
      sent.id = page.uuid();
      await put();
    }
  }
  async function mayRecord() {
    const person = await ventanilla.store.get("person");
    return !!person && (!person.role || person.role === "desk_staff") && ventanilla.outbox.isOpen();
  }
  async function undo(id) {
    await ventanilla.outbox.void(id, "undo");
    return true;
  }
  async function clockOffset() {
    const contact = await ventanilla.store.get("contact");
    return (contact && contact.offset) || 0;
  }

  // --- Channel and modality of the last consultation, as the server remembers them for a browser. ---
  function rememberUsual({ channel, modality }) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `usual=${channel}.${modality}; Max-Age=31536000; Path=/; SameSite=Lax${secure}`;
  }
  function offerUsual() {
    const [, channel, modality] = /(?:^|; )usual=(\w+)\.(\w+)/.exec(document.cookie) || [];
    [["channel", channel], ["modality", modality]].forEach(([name, value]) => {
      const field = page.form.elements[name];
      if (value && [...field.options].some((option) => option.value === value)) field.value = value;
    });
  }

  // --- The answers across a change of language: the worker holds them in its memory while the page is drawn anew. ---
  function ask(message) {
    const worker = navigator.serviceWorker && navigator.serviceWorker.controller;
    if (!worker) return Promise.resolve(null);
    return new Promise((done) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = (event) => done(event.data);
      setTimeout(() => done(null), PATIENCE);
      worker.postMessage(message, [port2]);
    });
  }

  ventanilla.askWorker = ask;

  // Without its storage the tablet claims nothing; the answers stay in the form.
  function cannotKeep() {
    const { storage } = JSON.parse(page.form.dataset.problems);
    return { isShell: true, keep: async () => ({ problem: storage }), undo: async () => false };
  }

  // Answers what keeps the page's records, or nothing where its desk is not the tablet's.
  ventanilla.record = async (shown) => {
    const device = await ventanilla.outbox.device().catch(() => null);
    page = shown;
    const isShell = !!html.dataset.shell;
    if (!device) return isShell ? cannotKeep() : null;
    if (isShell) [page.form, page.tally].forEach((form) => { form.elements.desk.value = device.desk.code; });
    if (page.form.elements.desk.value !== device.desk.code) return null;
    words = JSON.parse(page.form.dataset.problems);
    zone = device.desk.time_zone;
    offset = await clockOffset();
    if (isShell) {
      [page.form, page.tally].forEach((form) => { form.elements.id.value = page.uuid(); });
      offerUsual();
    }
    setDay();
    document.addEventListener("visibilitychange", () => { if (!document.hidden) setDay(); });
    ventanilla.isDirty = page.isDirty;
    ventanilla.keep = async () => Boolean((await ask({ keep: page.state() }) || {}).kept);
    const { held } = await ask({ take: true }) || {};
    if (held) page.fill(held);
    return { keep, undo, setDay, isShell };
  };
})();
