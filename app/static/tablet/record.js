// @ts-check
// The consultation form on an enrolled tablet: checked here, sealed and stored here, undone by a voiding record.
import { all, field, query } from "../lib/dom.js";
import { askWorker } from "./ask_worker.js";
import { outbox } from "./outbox.js";
import { openForm } from "./page.js";
import { isFirstMonth, personsIn, problemsOf } from "./record_rules.js";
import { hasRoom } from "./status_chip.js";
import { store } from "./store.js";

/** @import { Backend, Consultation, FormPage } from "../consultation/form_state.js" */

const html = document.documentElement;
/** @type {FormPage} */
let page;
/** @type {Record<string, string>} */
let messages = {};
let offset = 0;
let zone = "UTC";

// --- Days, at the desk and by the server's clock. ---
function today() {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
  return format.format(Date.now() + offset);
}
const lastDay = () => [today(), page.form.dataset.closes || today()].sort()[0];
function setDay() {
  const heldOn = field(page.form, "held_on");
  const last = lastDay();
  if (!heldOn.value || heldOn.value === heldOn.max || heldOn.value > last) heldOn.value = last;
  heldOn.max = last;
  if (page.tally) field(page.tally, "held_on").value = last;
  const [earlier] = all('button.save[value="first_this_month"]', page.form);
  if (earlier && html.dataset.shell) earlier.hidden = isFirstMonth(heldOn.value, page.form.dataset.yearStart);
}

// --- What the server would refuse is refused here, in the same words and at the same field. ---
/** @param {Consultation} sent */
function findProblems(sent) {
  const { opened, closes, yearStart } = page.form.dataset;
  const found = problemsOf(sent, { today: today(), opened, closes, yearStart, isCardWrong: page.card.isWrong() });
  return found.map(({ field: name, code }) => ({ field: name, message: messages[code] }));
}

// --- Saving: reported as saved only when the tablet has stored it for good. ---
/** @param {Consultation} sent */
async function keep(sent) {
  offset = await clockOffset();
  const problems = findProblems(sent);
  if (problems.length) return { problems };
  if (!(await mayRecord())) return { problem: messages.closed };
  if (!(await hasRoom())) return { problem: messages.no_room };
  try {
    await saveOnce(sent);
  } catch (error) {
    return { problem: messages[/** @type {Error} */ (error).message] || messages.storage };
  }
  if (sent.channel) rememberUsual(sent);
  return { kept: true };
}
/**
 * A number that is stored already comes from a try that was not confirmed: that one is voided, as its answers may differ.
 * @param {Consultation} sent
 */
async function saveOnce(sent) {
  const put = () => outbox.save("consultation", sent, sent.groups ? personsIn(sent.groups) : 0);
  try {
    await put();
  } catch (error) {
    if (/** @type {Error} */ (error).message !== "taken") throw error;
    await undo(sent.id);
    sent.id = page.uuid();
    await put();
  }
}
async function mayRecord() {
  const person = await store.get("person");
  return Boolean(person) && (!person?.role || person.role === "desk_staff") && outbox.isOpen();
}
/** @param {string} id */
async function undo(id) {
  await outbox.void(id, "undo");
  return true;
}
async function clockOffset() {
  const contact = await store.get("contact");
  return contact?.offset || 0;
}

// --- Channel and modality of the last consultation, as the server remembers them for a browser. ---
/** @param {Consultation} sent */
function rememberUsual({ channel, modality }) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in browsers of tablets in use
  document.cookie = `usual=${channel}.${modality}; Max-Age=31536000; Path=/; SameSite=Lax${secure}`;
}
function offerUsual() {
  const [, channel, modality] = /(?:^|; )usual=(\w+)\.(\w+)/.exec(document.cookie) || [];
  for (const [name, value] of [
    ["channel", channel],
    ["modality", modality],
  ]) {
    const select = query(`[name="${name}"]`, HTMLSelectElement, page.form);
    if (value && [...select.options].some((option) => option.value === value)) select.value = value;
  }
}

/**
 * Without its storage the tablet claims nothing; the answers stay in the form.
 * @returns {Backend}
 */
function unusableBackend() {
  const { storage } = JSON.parse(page.form.dataset.problems || "{}");
  return { isShell: true, keep: async () => ({ problem: storage }), undo: async () => false };
}

/**
 * The backend that stores the page's records on the tablet; null if the page's desk is not the tablet's.
 * @param {FormPage} shown
 * @returns {Promise<Backend | null>}
 */
export async function tabletBackend(shown) {
  const device = await outbox.device().catch(() => null); // its storage fails: unusableBackend reports it when saving
  page = shown;
  const isShell = Boolean(html.dataset.shell);
  if (!device) return isShell ? unusableBackend() : null;
  const forms = page.tally ? [page.form, page.tally] : [page.form];
  if (isShell) for (const form of forms) field(form, "desk").value = device.desk.code;
  if (field(page.form, "desk").value !== device.desk.code) return null;
  messages = JSON.parse(page.form.dataset.problems || "{}");
  zone = device.desk.time_zone;
  offset = await clockOffset();
  if (isShell) {
    for (const form of forms) field(form, "id").value = page.uuid();
    offerUsual();
  }
  setDay();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) setDay();
  });
  openForm.isDirty = page.isDirty;
  openForm.keep = async () => Boolean((await askWorker({ keep: page.state() }))?.kept);
  const answer = await askWorker({ take: true });
  if (answer?.held) page.fill(answer.held);
  return { keep, undo, setDay, isShell };
}
