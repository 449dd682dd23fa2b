// What every page does for a tablet: the worker, and only on an enrolled tablet the scripts of outbox and chip.
"use strict";
(() => {
  const ventanilla = self.ventanilla = self.ventanilla || {};
  const scripts = document.currentScript.dataset.scripts.split(" ");
  const chip = document.getElementById("tablet-chip");
  const sheet = document.getElementById("tablet-sheet");

  // In the order given: each script uses the ones before it.
  ventanilla.load = (...addresses) => Promise.all(addresses.map((address) => new Promise((done, failed) => {
    const script = document.createElement("script");
    script.async = false;
    script.src = ventanilla.trusted.createScriptURL(address);
    script.onload = done;
    script.onerror = () => failed(new Error("script"));
    document.head.append(script);
  })));
  async function isKnown() {
    if (!self.indexedDB) return false;
    if (!indexedDB.databases) return true;
    return (await indexedDB.databases()).some((one) => one.name === "ventanilla");
  }
  async function start() {
    if (!(await isKnown())) return false;
    await ventanilla.load(...scripts);
    if (!(await ventanilla.store.get("device"))) return false;
    await ventanilla.chip.start();
    return true;
  }
  // Whether this browser is an enrolled tablet; every page that saves asks this first.
  ventanilla.ready = start().catch(broken).then((enrolled) => {
    if (!enrolled && chip && chip.dataset.warns && !chip.dataset.state) show("unknown", chip.dataset.unknown);
    return enrolled;
  });
  // What this browser keeps cannot be read: a page kept on a tablet still is the tablet's, and says that it can keep nothing.
  function broken() {
    if (chip) show("broken", chip.dataset.broken);
    return Boolean(document.documentElement.dataset.shell && ventanilla.record);
  }
  function show(state, text) {
    chip.hidden = false;
    chip.dataset.state = state;
    chip.firstElementChild.textContent = text;
  }
  ventanilla.showChip = show;
  if (chip) chip.addEventListener("click", () => sheet.showModal());

  // A browser that is no tablet gets a small worker; a tablet whose storage fails for a moment keeps its own.
  async function work() {
    const enrolled = await ventanilla.ready;
    const own = await navigator.serviceWorker.getRegistration();
    const had = own && (own.active || own.waiting || own.installing);
    const path = enrolled || (had && had.scriptURL.endsWith("?tablet")) ? "/sw.js?tablet" : "/sw.js";
    await navigator.serviceWorker.register(ventanilla.trusted.createScriptURL(path), { updateViaCache: "none" });
  }
  if ("serviceWorker" in navigator) self.addEventListener("load", () => { work().catch(() => {}); });
})();
