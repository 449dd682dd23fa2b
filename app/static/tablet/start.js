// @ts-check
// What every page does for a tablet: registers the worker, and only on an enrolled tablet loads the outbox and the chip.
import { ready, settleReady, showChip } from "./page.js";

const chip = document.getElementById("tablet-chip");
const sheet = /** @type {HTMLDialogElement | null} */ (document.getElementById("tablet-sheet"));
let isLoaded = false;

/** The scripts of an enrolled tablet; they are not fetched by any other browser. */
async function loadTablet() {
  const tablet = await import("./enrolled.js");
  isLoaded = true;
  return tablet;
}
async function hasStore() {
  if (!self.indexedDB) return false;
  if (!indexedDB.databases) return true;
  return (await indexedDB.databases()).some((database) => database.name === "ventanilla");
}
async function start() {
  if (!(await hasStore())) return false;
  const { startChip, store } = await loadTablet();
  if (!(await store.get("device"))) return false;
  await startChip();
  return true;
}
// What this browser keeps cannot be read: a page kept on a tablet still is the tablet's, and says that it can keep nothing.
function showBroken() {
  if (chip) showChip("broken", chip.dataset.broken);
  return Boolean(document.documentElement.dataset.shell && isLoaded);
}
start()
  .catch(showBroken)
  .then((isEnrolled) => {
    if (!isEnrolled && chip?.dataset.warns && !chip.dataset.state) showChip("unknown", chip.dataset.unknown);
    settleReady(isEnrolled);
  });
chip?.addEventListener("click", () => sheet?.showModal());

// A browser that is no tablet gets a small worker; a tablet whose storage fails for a moment keeps its own.
async function registerWorker() {
  const isEnrolled = await ready;
  const registration = await navigator.serviceWorker.getRegistration();
  const worker = registration && (registration.active || registration.waiting || registration.installing);
  const path = isEnrolled || worker?.scriptURL.endsWith("?tablet") ? "/sw.js?tablet" : "/sw.js";
  await navigator.serviceWorker.register(self.ventanilla.trusted.createScriptURL(path), { updateViaCache: "none" });
}
if ("serviceWorker" in navigator) {
  self.addEventListener("load", () => {
    registerWorker().catch(() => {
      // Without a network the registered worker goes on; the next page asks again.
    });
  });
}

// For support and tests: the console of a page reaches the same objects as its scripts.
Object.assign(self.ventanilla, { ready, loadTablet });
