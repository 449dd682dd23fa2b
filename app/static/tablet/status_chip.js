// @ts-check
// On an enrolled tablet: what the chip and its sheet report, when sending is triggered, language and light, a new worker.
import { all, byId, element, fillText, query } from "../lib/dom.js";
import { outbox } from "./outbox.js";
import { openForm, showChip } from "./page.js";
import { store } from "./store.js";
import { syncQueue } from "./sync_queue.js";

/** @import { Contact, Device } from "./store.js" */
/** @import { SyncResult } from "./sync_queue.js" */

/**
 * What the chip is drawn from.
 * @typedef {object} Situation
 * @property {boolean} [broken]
 * @property {Device} [device]
 * @property {Partial<Contact>} contact
 * @property {string} [version]
 * @property {number} n how many records wait
 */

const html = document.documentElement;
const chip = byId("tablet-chip", HTMLElement);
const sheet = byId("tablet-sheet", HTMLDialogElement);
const part = (/** @type {string} */ name) => query(`[data-${name}]`, HTMLElement, sheet);
const fact = (/** @type {string} */ name) => query(`[data-fact="${name}"]`, HTMLElement, sheet);
const LEAST_FREE = 20 * 1024 * 1024;
const MEGABYTE = 1_048_576;
const BETWEEN_CONTACTS = 600_000;
const TRIES_WHILE_BUSY = 10;

/** Haitian Creole falls back on French where the browser does not know it. */
export const languages = () => [html.lang, ...(html.lang === "ht" ? ["fr"] : [])];
/** @param {number} at */
function momentText(at) {
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  /** @type {Intl.DateTimeFormatOptions} */
  const format = isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(languages(), format).format(at);
}

// --- The situation now, read from the store each time. ---
/** @returns {Promise<Situation>} */
async function situation() {
  try {
    const [{ device, contact, version }, n] = await Promise.all([store.many(["device", "contact", "version"]), store.waiting()]);
    return { device, contact: contact || {}, version, n };
  } catch {
    return { broken: true, contact: {}, n: 0 }; // shown as a state of its own
  }
}
/**
 * @param {Situation} now
 * @returns {[string, number]}
 */
function stateOf({ broken, device, contact, n }) {
  if (broken) return ["broken", n];
  if (!device || device.state === "refused") return ["unknown", n];
  if (n) return [contact.ok === false ? "cut" : "waiting", n];
  return contact.to_mend ? ["mend", contact.to_mend] : ["sent", 0];
}
async function redraw() {
  const now = await situation();
  const [state, n] = stateOf(now);
  showChip(state, fillText(chip.dataset[state], { n }));
  for (const line of all("[data-waiting-here]")) {
    line.hidden = !now.n;
    query("*", HTMLElement, line).textContent = fillText(now.n === 1 ? line.dataset.one : line.dataset.many, { n: now.n });
  }
  if (sheet.open) await drawSheet(now);
}

// --- The sheet. ---
/** @param {Situation} now */
async function drawSheet({ broken, device, contact, version, n }) {
  const isRefused = !broken && (!device || device.state === "refused");
  query('[data-for="unknown"]', HTMLElement, sheet).hidden = true;
  query('[data-for="refused"]', HTMLElement, sheet).hidden = !isRefused;
  query('[data-for="tablet"]', HTMLElement, sheet).hidden = false;
  part("send").hidden = Boolean(isRefused || broken);
  part("copy").hidden = !n;
  if (broken) {
    report(part("result").dataset.full);
    return;
  }
  const words = query("dl", HTMLElement, sheet).dataset;
  const oldest = n ? await store.oldest() : null;
  fact("waiting").textContent = oldest ? fillText(words.records, { n, time: momentText(oldest.saved_at) }) : words.none || "";
  fact("contact").textContent = contact.at ? momentText(contact.at) : words.never || "";
  fact("mend").textContent = String(contact.to_mend || words.none);
  part("mends").hidden = !contact.to_mend;
  fact("version").textContent = version || "";
  const [persisted, free] = await Promise.all([isPersisted(), freeBytes()]);
  fact("persisted").textContent = (persisted ? words.yes : words.no) || "";
  fact("space").textContent =
    free === null ? "" : fillText(words.megabytes, { n: Math.floor(free / MEGABYTE).toLocaleString(languages()) });
}
const isPersisted = async () => Boolean(await navigator.storage?.persisted?.());
async function freeBytes() {
  if (!navigator.storage?.estimate) return null;
  const { quota, usage } = await navigator.storage.estimate();
  return Math.max(0, Number(quota) - Number(usage));
}
/** Whether the tablet has room for one more record; nobody knows is yes. */
export async function hasRoom() {
  const free = await freeBytes();
  return free === null || free >= LEAST_FREE;
}
async function sendNow() {
  const words = part("result").dataset;
  const button = query("[data-send]", HTMLButtonElement, sheet);
  button.disabled = true;
  report(words.busyNow);
  const { result, sent, waiting, wait } = await sendExclusively();
  /** @type {Record<string, string | undefined>} */
  const variants = { sent: waiting ? words.part : words.sent, busy: wait ? words.busy : words.other };
  report(fillText(variants[result] || words[result], { n: result === "sent" ? sent : Math.max(1, Math.ceil((wait || 0) / 1000)) }));
  button.disabled = false;
}
/** Another page or the worker may be sending just now: what is reported is the result of our own try. */
async function sendExclusively() {
  for (let tries = 0; ; tries += 1) {
    const result = await syncAndRedraw("chip");
    if (result.result !== "busy" || result.wait || tries === TRIES_WHILE_BUSY) return result;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
/** @param {string | undefined} text */
function report(text) {
  part("result").textContent = text || "";
}
async function saveCopy() {
  for (const { name, blob } of await outbox.copies()) {
    const link = element("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
  report(part("result").dataset.copied);
}

// --- Every way to send: back on line, page seen again, started, the chip; saving and the timer belong to the queue. ---
/**
 * @param {string} reason
 * @returns {Promise<SyncResult>}
 */
async function syncAndRedraw(reason) {
  // If even counting fails, the storage does: the chip says so.
  const result = await syncQueue.triggerSync(reason).catch(() => ({ sent: 0, waiting: 0, result: "full" }));
  await redraw();
  return result;
}

// --- Language and light without the server: the cookie, the tablet's own setting, and the server when it can be reached. ---
/**
 * @param {"mode" | "locale"} name
 * @param {string} value
 */
function setPreference(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in browsers of tablets in use
  document.cookie = `${name}=${value}; Max-Age=31536000; Path=/; SameSite=Lax${secure}`;
  sendPreference(name, value).catch(() => {
    // Without a network the cookie and the store hold the choice.
  });
  return store.set(name, value);
}
/**
 * @param {string} name
 * @param {string} value
 */
async function sendPreference(name, value) {
  const headers = { Accept: "application/json" };
  const { csrf_token } = await (await fetch("/sync/token", { headers })).json();
  const body = new URLSearchParams({ [name]: value });
  await fetch("/preferences", { method: "POST", headers: { ...headers, "X-CSRFToken": csrf_token }, body, keepalive: true });
}
/** @param {HTMLButtonElement} button */
function setLight(button) {
  html.dataset.mode = button.value;
  for (const other of all("button", button.parentElement || document)) other.removeAttribute("aria-current");
  button.setAttribute("aria-current", "true");
  return setPreference("mode", button.value);
}
/** @param {HTMLButtonElement} button */
async function setLanguage(button) {
  await setPreference("locale", button.value);
  if (openForm.keep && !(await openForm.keep())) return false;
  location.reload();
  return true;
}
/**
 * A form whose answers only the server can carry over is left to it.
 * @param {HTMLButtonElement} button
 */
function isHandledHere(button) {
  if (button.name === "switch_locale") return Boolean(openForm.keep);
  const next = /** @type {HTMLInputElement | null | undefined} */ (button.form?.elements.namedItem("next"));
  return Boolean(next && (html.dataset.shell || next.value));
}
/** @param {SubmitEvent} event */
function onPreference(event) {
  const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
  if (!button || !["locale", "mode", "switch_locale"].includes(button.name) || !isHandledHere(button)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (button.name === "mode") setLight(button);
  else
    setLanguage(button).then((isDone) => {
      if (!isDone && !html.dataset.shell) form.submit();
    });
}

// --- A page that the server drew for a person, on a tablet that has nobody on duty yet: that person is. ---
async function noteArrival() {
  const { account, role, shell } = html.dataset;
  if (shell || !account) return;
  await store.set("locale", html.lang);
  const { person, locked } = await store.many(["person", "locked"]);
  if (!person && !locked) await store.arrive({ account, role }, true);
}

// --- A new worker takes over only between records. ---
async function offerTakeOver() {
  if (!navigator.serviceWorker) return;
  const hadWorker = Boolean(navigator.serviceWorker.controller);
  const registration = await navigator.serviceWorker.ready;
  const offer = () => {
    if (!openForm.isDirty?.()) registration.waiting?.postMessage({ takeOver: true });
  };
  registration.addEventListener("updatefound", () => {
    const coming = registration.installing;
    coming?.addEventListener("statechange", () => {
      if (coming.state === "installed" && hadWorker) offer();
    });
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) offer();
  });
  offer();
}

/** Starts the chip of this page. */
export async function startChip() {
  // A kept page does not know under which address it was opened.
  if (html.dataset.shell) {
    for (const tab of all(".tab"))
      if (tab instanceof HTMLAnchorElement && tab.pathname === location.pathname) tab.setAttribute("aria-current", "page");
  }
  await noteArrival();
  new BroadcastChannel("ventanilla").addEventListener("message", () => redraw());
  chip.addEventListener("click", () => {
    report("");
    redraw();
  });
  part("send").addEventListener("click", sendNow);
  part("copy").addEventListener("click", () => saveCopy().catch(() => report(part("result").dataset.full)));
  self.addEventListener("submit", onPreference, true);
  self.addEventListener("online", () => syncAndRedraw("online"));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) syncAndRedraw("seen");
  });
  await redraw();
  if (navigator.storage?.persist && !(await isPersisted()))
    navigator.storage.persist().then(redraw, () => {
      // Refused: the sheet says so.
    });
  offerTakeOver().catch(() => {
    // No worker: the next page offers it again.
  });
  setInterval(() => syncAndRedraw("timer"), BETWEEN_CONTACTS);
  syncAndRedraw("start");
}
