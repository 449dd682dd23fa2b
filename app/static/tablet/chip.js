// On an enrolled tablet: what the chip and its sheet say, when sending is tried, language and light, a new worker.
"use strict";
(() => {
  const ventanilla = self.ventanilla;
  const { store, sender, outbox } = ventanilla;
  const html = document.documentElement;
  const chip = document.getElementById("tablet-chip");
  const sheet = document.getElementById("tablet-sheet");
  const part = (name) => sheet.querySelector(`[data-${name}]`);
  const fact = (name) => sheet.querySelector(`[data-fact="${name}"]`);
  const LEAST_FREE = 20 * 1024 * 1024, BETWEEN_CONTACTS = 600000;

  const filled = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => facts[name]);
  const languages = () => [html.lang, ...(html.lang === "ht" ? ["fr"] : [])];
  function moment(at) {
    const day = (some) => new Date(some).toDateString();
    const shape = day(at) === day(Date.now()) ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
    return new Intl.DateTimeFormat(languages(), shape).format(at);
  }

  // --- What is true now, read from the store each time. ---
  async function situation() {
    try {
      const [{ device, contact, version }, n] = await Promise.all([store.many(["device", "contact", "version"]), store.waiting()]);
      return { device, contact: contact || {}, version, n };
    } catch (error) { return { broken: true, contact: {}, n: 0 }; }
  }
  function stateOf({ broken, device, contact, n }) {
    if (broken) return ["broken", n];
    if (!device || device.state === "refused") return ["unknown", n];
    if (n) return [contact.ok === false ? "cut" : "waiting", n];
    return contact.to_mend ? ["mend", contact.to_mend] : ["sent", 0];
  }
  async function redraw() {
    const now = await situation();
    const [state, n] = stateOf(now);
    ventanilla.showChip(state, filled(chip.dataset[state], { n }));
    document.querySelectorAll("[data-waiting-here]").forEach((line) => {
      line.hidden = !now.n;
      line.firstElementChild.textContent = filled(now.n === 1 ? line.dataset.one : line.dataset.many, { n: now.n });
    });
    if (sheet.open) await describe(now);
  }

  // --- The sheet. ---
  async function describe({ broken, device, contact, version, n }) {
    const refused = !broken && (!device || device.state === "refused");
    sheet.querySelector('[data-for="unknown"]').hidden = true;
    sheet.querySelector('[data-for="refused"]').hidden = !refused;
    sheet.querySelector('[data-for="tablet"]').hidden = false;
    part("send").hidden = refused || broken;
    part("copy").hidden = !n;
    if (broken) { part("told").textContent = part("told").dataset.full; return; }
    const words = sheet.querySelector("dl").dataset;
    const oldest = n ? await store.oldest() : null;
    fact("waiting").textContent = n ? filled(words.records, { n, time: moment(oldest.saved_at) }) : words.none;
    fact("contact").textContent = contact.at ? moment(contact.at) : words.never;
    fact("mend").textContent = contact.to_mend || words.none;
    part("mends").hidden = !contact.to_mend;
    fact("version").textContent = version || "";
    const [persisted, free] = await Promise.all([isPersisted(), freeBytes()]);
    fact("persisted").textContent = persisted ? words.yes : words.no;
    fact("space").textContent = free === null ? "" : filled(words.megabytes, { n: Math.floor(free / 1048576).toLocaleString(languages()) });
  }
  const isPersisted = async () => !!(navigator.storage && navigator.storage.persisted && await navigator.storage.persisted());
  async function freeBytes() {
    if (!navigator.storage || !navigator.storage.estimate) return null;
    const { quota, usage } = await navigator.storage.estimate();
    return Math.max(0, quota - usage);
  }
  async function sendNow() {
    const words = part("told").dataset;
    part("send").disabled = true;
    tell(words.busyNow);
    const { told, sent, waiting, wait } = await sendAlone();
    const rest = { sent: waiting ? words.part : words.sent, busy: wait ? words.busy : words.other };
    tell(filled(rest[told] || words[told], { n: told === "sent" ? sent : Math.max(1, Math.ceil((wait || 0) / 1000)) }));
    part("send").disabled = false;
  }
  // Another page or the worker may be sending just now: the answer is the one of our own try.
  async function sendAlone() {
    for (let tries = 0; ; tries += 1) {
      const result = await poke("chip");
      if (result.told !== "busy" || result.wait || tries === 10) return result;
      await new Promise((next) => { setTimeout(next, 300); });
    }
  }
  const tell = (text) => { part("told").textContent = text; };
  async function saveCopy() {
    for (const { name, blob } of await outbox.copies()) {
      const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    }
    tell(part("told").dataset.copied);
  }

  // --- Every way to send: back on line, seen again, started, the chip; saving and the timer are the sender's own. ---
  async function poke(reason) {
    const result = await sender.poke(reason).catch(() => ({ sent: 0, waiting: 0, told: "full" }));
    await redraw();
    return result;
  }

  // --- Language and light without the server: the cookie, the tablet's own note, and the server as it may. ---
  function remember(name, value) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Max-Age=31536000; Path=/; SameSite=Lax${secure}`;
    tellServer(name, value).catch(() => {});
    return store.set(name, value);
  }
  async function tellServer(name, value) {
    const headers = { Accept: "application/json" };
    const { csrf_token } = await (await fetch("/sync/token", { headers })).json();
    await fetch("/preferences", { method: "POST", headers: { ...headers, "X-CSRFToken": csrf_token }, body: new URLSearchParams({ [name]: value }), keepalive: true });
  }
  function light(button) {
    html.dataset.mode = button.value;
    button.parentElement.querySelectorAll("button").forEach((one) => one.removeAttribute("aria-current"));
    button.setAttribute("aria-current", "true");
    return remember("mode", button.value);
  }
  async function speak(button) {
    await remember("locale", button.value);
    if (ventanilla.keep && !(await ventanilla.keep())) return false;
    location.reload();
    return true;
  }
  // A form whose answers only the server can carry over is left to it.
  const isOurs = (button) => button.name !== "switch_locale" ? button.form.elements.next && (html.dataset.shell || button.form.elements.next.value) : !!ventanilla.keep;
  function choose(event) {
    const button = event.submitter;
    if (!button || !["locale", "mode", "switch_locale"].includes(button.name) || !isOurs(button)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (button.name === "mode") light(button);
    else speak(button).then((done) => { if (!done && !html.dataset.shell) event.target.submit(); });
  }

  // --- A page that the server drew for a person, on a tablet that has nobody on duty yet: that person is. ---
  async function note() {
    const { account, role, shell } = html.dataset;
    if (shell || !account) return;
    await store.set("locale", html.lang);
    const { person, locked } = await store.many(["person", "locked"]);
    if (!person && !locked) await store.arrive({ account, role }, true);
  }

  // --- A new worker takes over only between records. ---
  async function renew() {
    if (!navigator.serviceWorker) return;
    const had = !!navigator.serviceWorker.controller;
    const registration = await navigator.serviceWorker.ready;
    const offer = () => { if (registration.waiting && !isBusy()) registration.waiting.postMessage({ takeOver: true }); };
    registration.addEventListener("updatefound", () => {
      const coming = registration.installing;
      if (coming) coming.addEventListener("statechange", () => { if (coming.state === "installed" && had) offer(); });
    });
    document.addEventListener("visibilitychange", () => { if (document.hidden) offer(); });
    offer();
  }
  const isBusy = () => !!ventanilla.isDirty && ventanilla.isDirty();

  ventanilla.hasRoom = async () => { const free = await freeBytes(); return free === null || free >= LEAST_FREE; };
  ventanilla.chip = {
    moment, filled, languages,
    async start() {
      // A kept page does not know under which address it was opened.
      if (html.dataset.shell) document.querySelectorAll(".tab").forEach((tab) => { if (tab.pathname === location.pathname) tab.setAttribute("aria-current", "page"); });
      await note();
      new BroadcastChannel("ventanilla").addEventListener("message", () => { redraw(); });
      chip.addEventListener("click", () => { tell(""); redraw(); });
      part("send").addEventListener("click", sendNow);
      part("copy").addEventListener("click", () => saveCopy().catch(() => tell(part("told").dataset.full)));
      self.addEventListener("submit", choose, true);
      self.addEventListener("online", () => poke("online"));
      document.addEventListener("visibilitychange", () => { if (!document.hidden) poke("seen"); });
      await redraw();
      if (navigator.storage && navigator.storage.persist && !(await isPersisted())) navigator.storage.persist().then(redraw, () => {});
      renew().catch(() => {});
      setInterval(() => poke("timer"), BETWEEN_CONTACTS);
      poke("start");
    },
  };
})();
