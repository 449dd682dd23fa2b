// @ts-check
// The quick form of a consultation: tap to add, number pad, save without leaving the page, undo for ten seconds.
// Everything here is added to a plain form that works without it.
import { all, buttons, byId, closest, element, field, inputs, query } from "../lib/dom.js";
import { uuid } from "../lib/encoding.js";
import { ready } from "../tablet/page.js";
import { createCard } from "./card.js";
import { createCells, rovingTabindex } from "./cells.js";
import { duplicateGuard } from "./duplicate_guard.js";
import { asksForReturn, createFormState } from "./form_state.js";
import { createGroups } from "./groups.js";
import { createToast, showProblems } from "./messages.js";

/** @import { Backend, Consultation, KeptAnswers, SaveResult } from "./form_state.js" */

const form = byId("consultation", HTMLFormElement);
const tally = /** @type {HTMLFormElement | null} */ (document.getElementById("tally"));
const words = form.dataset;
const isCorrection = words.correcting === "yes";
let isSending = false;
/** @type {Consultation | null} */
let last = null;

const cells = createCells(form, () => state.countTap());
const groups = createGroups(form, cells);
const state = createFormState(form, cells, groups);
const toast = createToast(words);
/** @type {Backend} */
const server = {
  async keep(sent) {
    const answer = await post(form.action, sent);
    if (answer.status === 401) return { left: true };
    const result = await answer.json();
    if ((answer.status === 201 || answer.status === 200) && result.id === sent.id) return { kept: true };
    return answer.status === 422 ? { problems: result.problems } : { problem: result.problem };
  },
  undo: async (id) => (await post(`/consultations/${id}/void`, { reason: "undo" })).ok,
};
/** An enrolled tablet has its own (tablet/record.js). */
let backend = server;
const card = createCard({ form, cells, groups, redraw: state.redraw, post, showMessage: toast.show });

// --- Taps, panels and keys of the whole form. ---
const openPanels = () => all("details.more[open]", form).map((panel) => /** @type {HTMLDetailsElement} */ (panel));
form.addEventListener("change", (event) => {
  const { name, value, checked } = /** @type {HTMLInputElement} */ (event.target);
  if (name === "topics") state.changeTopic(value, checked);
  const part = closest(event, ".part");
  if (part) for (const problem of all(".problem:not(#p-card)", part)) problem.hidden = true;
});
form.addEventListener("click", (event) => {
  state.begin();
  if (event.isTrusted) state.countTap();
  const panel = closest(event, "[data-close]")?.closest("details");
  if (panel) panel.open = false;
});
document.addEventListener("click", (event) => {
  const target = /** @type {Node} */ (event.target);
  for (const panel of openPanels()) if (!panel.contains(target)) panel.open = false;
  if (!card.box.contains(target)) card.box.classList.remove("offers");
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const panel of openPanels()) panel.open = false;
  if (event.key !== "Enter" || (!event.ctrlKey && !event.metaKey)) return;
  event.preventDefault();
  save(query("button.save", HTMLButtonElement, form));
});
form.addEventListener("submit", (event) => {
  const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
  if (isCorrection || !button?.classList.contains("save")) return;
  event.preventDefault();
  save(button);
});

// --- Saving: to the server, or on an enrolled tablet to the tablet itself. ---
/** @param {boolean} isDisabled */
function disableSaving(isDisabled) {
  for (const button of buttons("button.save", form)) button.disabled = isDisabled;
}
/** @param {HTMLButtonElement} button */
async function save(button) {
  if (isSending || isCorrection) return;
  isSending = true;
  disableSaving(true);
  try {
    await backendChosen;
    const sent = state.read(button.value);
    const answer = await duplicateGuard.ask(sent);
    if (answer === "drop") drop();
    if (answer === "save") onResult(await backend.keep(sent), sent, button.value);
  } catch {
    toast.show(words.offline); // no network, or a network that answers itself: the answers stay in the form
  } finally {
    isSending = false;
    disableSaving(false);
  }
}
/**
 * @param {SaveResult} result
 * @param {Consultation} sent
 * @param {string} repeatContact
 */
function onResult(result, sent, repeatContact) {
  if (result.left) submitPlain(repeatContact);
  else if (result.kept) onSaved(sent);
  else if (result.problems) showProblems(form, result.problems, { activate: groups.activate, showMessage: toast.show, card });
  else toast.show(result.problem || words.offline);
}
/**
 * The session has ended: the plain form carries the answers through the sign-in page.
 * @param {string} repeatContact
 */
function submitPlain(repeatContact) {
  if (repeatContact) form.append(element("input", { type: "hidden", name: "groups-0-repeat_contact", value: repeatContact }));
  form.submit();
}
/** @param {Consultation} sent */
function onSaved(sent) {
  last = { ...sent, card: null };
  duplicateGuard.remember(sent);
  const restore = clear();
  const undo = async () => {
    if (!(await backend.undo(sent.id))) return;
    duplicateGuard.forget(sent.id);
    restore();
    toast.show(words.undone);
  };
  toast.show(words.saved, undo, nextSteps(sent));
}
function drop() {
  const restore = clear();
  toast.show(words.dropped, async () => restore());
}
/** Clears the form; what it returns brings the answers back. */
function clear() {
  const before = state.snapshot();
  card.clear();
  backend.setDay?.();
  state.clear();
  return () => {
    state.restore(before);
    card.check(false);
  };
}
/**
 * @param {Consultation} sent
 * @returns {[string, string][]}
 */
function nextSteps(sent) {
  /** @type {[string, string][]} */
  const links = [];
  if (words.refer) links.push([`${words.refer}&consultation=${sent.id}`, words.agrees || ""]);
  if (asksForReturn(sent) && words.return) links.push([`${words.return}?consultation=${sent.id}`, words.asks || ""]);
  return links;
}

// --- Same as the last one; and somebody who declines to be recorded. ---
document.getElementById("like-last")?.addEventListener("click", (event) => {
  if (!last && backend.isShell) {
    event.preventDefault();
    toast.show(words.nolast);
  }
  if (!last) return;
  event.preventDefault();
  state.repeat(last);
});
if (tally) {
  tally.addEventListener("submit", (event) => {
    event.preventDefault();
    // No network, or a network that answers itself: nothing was counted.
    saveRefusal(tally).catch(() => toast.show(words.offline));
  });
}
/**
 * Counted with the day and the desk only.
 * @param {HTMLFormElement} refusalForm
 */
async function saveRefusal(refusalForm) {
  const value = (/** @type {string} */ name) => field(refusalForm, name).value;
  const id = value("id");
  await backendChosen;
  const refusal = { id, desk: value("desk"), held_on: value("held_on"), outcomes: [value("outcomes")] };
  const { left, kept, problems, problem } = await backend.keep(/** @type {Consultation} */ (refusal));
  if (left) {
    refusalForm.submit();
    return;
  }
  if (!kept) {
    toast.show((problems ? problems[0].message : problem) || words.offline);
    return;
  }
  field(refusalForm, "id").value = uuid();
  toast.show(words.tally, async () => {
    if (await backend.undo(id)) toast.show(words.undone);
  });
}

/**
 * Posts JSON with the page's token, and once more with a new one if that has expired.
 * @param {string} url
 * @param {unknown} body
 * @param {boolean} [mayRetry]
 * @returns {Promise<Response>}
 */
async function post(url, body, mayRetry = true) {
  const answer = await fetch(url, {
    method: "POST",
    redirect: "error",
    credentials: "same-origin",
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": field(form, "csrf_token").value },
  });
  if (answer.status !== 400 || !mayRetry) return answer;
  const token = await (await fetch("/sync/token", { headers: { Accept: "application/json" } })).json();
  for (const input of inputs("input[name=csrf_token]")) input.value = token.csrf_token;
  return post(url, body, false);
}

// --- Starting: the tablet takes over saving if this browser is one, with the answers of the page in another language. ---
async function chooseBackend() {
  try {
    if (!(await ready)) return;
    const { tabletBackend } = await import("../tablet/record.js");
    const page = { form, tally, card, uuid, state: () => ({ ...state.toKept(), last }), fill, isDirty };
    backend = (await tabletBackend(page)) || server;
  } catch {
    // The tablet's storage fails while the page starts: the server is asked, as by any other browser.
  }
}
/** @param {KeptAnswers} kept */
function fill(kept) {
  state.fromKept(kept);
  last = kept.last;
  card.check(true);
}
const isDirty = () => toast.isUndoOffered() || isSending || Boolean(card.input.value) || state.hasAnswers();

for (const group of groups.list()) groups.enhance(group);
for (const root of all("[data-rove]", form)) rovingTabindex(root);
state.redraw();
if (card.input.value) card.check(true);
if (!isCorrection) query(".known .plus", HTMLElement, form).focus({ preventScroll: true });
const backendChosen = isCorrection ? Promise.resolve() : chooseBackend();
