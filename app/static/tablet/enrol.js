// Enrols this tablet: the code from the address or the box is exchanged once for the tablet's own credential,
// and the pages that work without a network are kept before it says that it is ready.
"use strict";
(() => {
  const root = document.getElementById("enrol");
  if (!root) return;
  const said = root.dataset, store = self.ventanilla.store;
  const form = document.getElementById("enrol-form"), button = form.querySelector("button"), box = form.elements.code;
  const PATIENCE = 20000, LONGEST = 90000;
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  class Refused extends Error {}
  const refuse = (sentence) => { throw new Refused(sentence); };
  const fill = (sentence, facts) => Object.entries(facts).reduce((text, [name, value]) => text.replace(`{${name}}`, value), sentence);
  function show(id, text) {
    const place = document.getElementById(id);
    place.hidden = text === "";
    if (typeof text === "string") place.textContent = text;
  }

  // --- Refused at once: what no tablet can do without. ---
  function fits() {
    if (!self.isSecureContext) refuse(said.unsafe);
    const needed = [self.indexedDB, navigator.serviceWorker, navigator.locks, self.crypto && crypto.subtle, self.BroadcastChannel];
    if (needed.some((one) => !one)) refuse(said.unfit);
  }
  const held = async () => ({ device: await store.get("device"), n: await store.waiting() });
  const nameOf = (device) => (device.desk ? device.desk.name : "");

  // --- The queue belongs to the tablet and its desk: while it can still be sent, nothing takes its place. ---
  async function mayAsk() {
    const { device, n } = await held().catch(() => refuse(said.storage));
    if (device && device.state === "enrolled" && n > 0) refuse(fill(said.waiting, { desk: nameOf(device), n }));
  }
  async function ask(code) {
    const answer = await fetch("/sync/enrol", {
      method: "POST", credentials: "omit", redirect: "error", cache: "no-store", signal: AbortSignal.timeout(PATIENCE),
      headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify({ code }),
    }).catch(() => refuse(said.offline));
    const told = await answer.json().catch(() => refuse(said.portal));
    if (answer.ok && told.credential && told.lists) return told;
    return refuse(told.problem || said.portal);
  }
  async function keep(answer) {
    const { device, n } = await held();
    if (device && n > 0 && device.device !== answer.device) refuse(fill(said.foreign, { desk: nameOf(device), n }));
    await store.set("device", { ...answer, desk: answer.lists.desk, state: "enrolled" }).catch(() => refuse(said.storage));
    await store.set("locale", document.documentElement.lang);
  }

  // --- Ready only when the worker keeps every page of this tablet. ---
  async function keepPages(answer) {
    const began = Date.now();
    await navigator.serviceWorker.register(self.ventanilla.trusted.createScriptURL("/sw.js?tablet"), { updateViaCache: "none" });
    const registration = await Promise.race([navigator.serviceWorker.ready, wait(LONGEST)]);
    while (registration && Date.now() - began < LONGEST) {
      const kept = await store.get("shells");
      if (kept && kept.of.includes(answer.device)) return;
      registration.active.postMessage({ shells: true });
      await wait(500);
    }
    refuse(said.late);
  }
  async function persist() {
    if (!navigator.storage || !navigator.storage.persist) return false;
    return navigator.storage.persist().catch(() => false);
  }

  async function enrol() {
    fits();
    await mayAsk();
    show("enrol-state", said.checking);
    const answer = await ask(box.value.trim());
    await keep(answer);
    await finish(answer);
  }
  async function finish(answer) {
    show("enrol-state", said.keeping);
    const persisted = await persist();
    await keepPages(answer).catch((error) => refuse(error instanceof Refused ? error.message : said.late));
    form.hidden = true;
    show("enrol-state", "");
    show("enrol-known", "");
    document.getElementById("enrol-desk").textContent = answer.lists.desk.name;
    document.getElementById("enrol-unkept").hidden = persisted;
    document.getElementById("enrol-ready").hidden = false;
  }
  async function run(event) {
    if (event) event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    show("enrol-problem", "");
    await enrol().catch((error) => {
      show("enrol-state", "");
      show("enrol-problem", error instanceof Refused ? error.message : said.unfit);
    });
    button.disabled = false;
  }

  async function start() {
    const code = decodeURIComponent(location.hash.slice(1));
    // A code in the address must not stay in the history of a shared tablet.
    if (code) history.replaceState(null, "", location.pathname);
    try { fits(); } catch (error) { show("enrol-problem", error.message); form.hidden = true; return; }
    const device = await store.get("device").catch(() => null);
    const known = document.getElementById("enrol-known");
    if (device && device.state === "enrolled") show("enrol-known", fill(known.textContent, { desk: nameOf(device) }));
    box.value = code;
    if (code) await run();
    // Enrolled before, but interrupted before its pages were kept.
    else if (device && device.state === "enrolled" && !(await store.get("shells"))) await again(device);
  }
  async function again(device) {
    await finish(device).catch((error) => show("enrol-problem", error.message));
    show("enrol-state", "");
  }
  form.addEventListener("submit", run);
  start();
})();
