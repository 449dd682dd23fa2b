// @ts-check
// Enrols this tablet: the code from the address or the box is exchanged once for the tablet's own credential,
// and the pages that work without a network are stored before it reports that it is ready.
import { byId, field, fillText, query } from "../lib/dom.js";
import { store } from "./store.js";

/** @import { Device } from "./store.js" */

const words = byId("enrol", HTMLElement).dataset;
const form = byId("enrol-form", HTMLFormElement);
const button = query("button", HTMLButtonElement, form);
const box = field(form, "code");
const ANSWER_WITHIN = 20_000;
const PAGES_WITHIN = 90_000;
const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

class Refused extends Error {}
/**
 * @param {string | undefined} sentence
 * @returns {never}
 */
function refuse(sentence) {
  throw new Refused(sentence);
}
/**
 * @param {string} id
 * @param {string | null} text
 */
function show(id, text) {
  const place = byId(id, HTMLElement);
  place.hidden = text === "";
  if (typeof text === "string") place.textContent = text;
}

// --- Refused at once: what no tablet can do without. ---
function checkBrowser() {
  if (!self.isSecureContext) refuse(words.unsafe);
  const needed = [self.indexedDB, navigator.serviceWorker, navigator.locks, self.crypto?.subtle, self.BroadcastChannel];
  if (needed.some((feature) => !feature)) refuse(words.unfit);
}
const current = async () => ({ device: await store.get("device"), n: await store.waiting() });
const deskName = (/** @type {Device} */ device) => (device.desk ? device.desk.name : "");

// --- The queue belongs to the tablet and its desk: while it can still be sent, nothing takes its place. ---
async function checkQueue() {
  const { device, n } = await current().catch(() => refuse(words.storage));
  if (device && device.state === "enrolled" && n > 0) refuse(fillText(words.waiting, { desk: deskName(device), n }));
}
/** @param {string} code */
async function exchange(code) {
  const response = await fetch("/sync/enrol", {
    method: "POST",
    credentials: "omit",
    redirect: "error",
    cache: "no-store",
    signal: AbortSignal.timeout(ANSWER_WITHIN),
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ code }),
  }).catch(() => refuse(words.offline));
  const answer = await response.json().catch(() => refuse(words.portal));
  if (response.ok && answer.credential && answer.lists) return answer;
  return refuse(answer.problem || words.portal);
}
/** @param {Device} answer */
async function storeDevice(answer) {
  const { device, n } = await current();
  if (device && n > 0 && device.device !== answer.device) refuse(fillText(words.foreign, { desk: deskName(device), n }));
  await store.set("device", { ...answer, desk: answer.lists.desk, state: "enrolled" }).catch(() => refuse(words.storage));
  await store.set("locale", document.documentElement.lang);
}

// --- Ready only when the worker has stored every page of this tablet. ---
/** @param {Device} answer */
async function storePages(answer) {
  const began = Date.now();
  await navigator.serviceWorker.register(self.ventanilla.trusted.createScriptURL("/sw.js?tablet"), { updateViaCache: "none" });
  /** @type {ServiceWorkerRegistration | undefined} */
  const registration = await Promise.race([navigator.serviceWorker.ready, pause(PAGES_WITHIN)]);
  while (registration && Date.now() - began < PAGES_WITHIN) {
    const shells = await store.get("shells");
    if (shells?.of.includes(answer.device)) return;
    registration.active?.postMessage({ shells: true });
    await pause(500);
  }
  refuse(words.late);
}
async function askForPersistence() {
  if (!navigator.storage?.persist) return false;
  return navigator.storage.persist().catch(() => false); // refused: the page says what that means
}

async function enrol() {
  checkBrowser();
  await checkQueue();
  show("enrol-state", words.checking || "");
  const answer = await exchange(box.value.trim());
  await storeDevice(answer);
  await finish(answer);
}
/** @param {Device} answer */
async function finish(answer) {
  show("enrol-state", words.keeping || "");
  const isPersisted = await askForPersistence();
  await storePages(answer).catch((error) => refuse(error instanceof Refused ? error.message : words.late));
  form.hidden = true;
  show("enrol-state", "");
  show("enrol-known", "");
  byId("enrol-desk", HTMLElement).textContent = answer.lists.desk.name;
  byId("enrol-unkept", HTMLElement).hidden = isPersisted;
  byId("enrol-ready", HTMLElement).hidden = false;
}
/** @param {Event} [event] */
async function run(event) {
  event?.preventDefault();
  if (button.disabled) return;
  button.disabled = true;
  show("enrol-problem", "");
  await enrol().catch((error) => {
    show("enrol-state", "");
    show("enrol-problem", error instanceof Refused ? error.message : words.unfit || "");
  });
  button.disabled = false;
}

async function start() {
  const code = decodeURIComponent(location.hash.slice(1));
  // A code in the address must not stay in the history of a shared tablet.
  if (code) history.replaceState(null, "", location.pathname);
  try {
    checkBrowser();
  } catch (error) {
    show("enrol-problem", /** @type {Error} */ (error).message);
    form.hidden = true;
    return;
  }
  const device = await store.get("device").catch(() => null); // a storage that fails is reported when enrolling
  const known = byId("enrol-known", HTMLElement);
  const isEnrolled = device?.state === "enrolled";
  if (isEnrolled) show("enrol-known", fillText(known.textContent || "", { desk: deskName(device) }));
  box.value = code;
  if (code) await run();
  // Enrolled before, but interrupted before its pages were stored.
  else if (isEnrolled && !(await store.get("shells"))) await resume(device);
}
/** @param {Device} device */
async function resume(device) {
  await finish(device).catch((error) => show("enrol-problem", error.message));
  show("enrol-state", "");
}
form.addEventListener("submit", run);
start();

// For support and tests: the console of a page reaches the same objects as its scripts.
Object.assign(self.ventanilla, { store });
