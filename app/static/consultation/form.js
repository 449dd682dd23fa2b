// @ts-check
// The quick form of a consultation: tap to add, number pad, save without leaving the page, undo for ten seconds.
// Everything here is added to a plain form that works without it.
import { all, byId, closest, element, field, inputs, query } from "../lib/dom.js";
import { uuid } from "../lib/encoding.js";
import { ready } from "../tablet/page.js";
import { createPost, serverBackend } from "./backend.js";
import { createCard } from "./card.js";
import { createCells, rovingTabindex } from "./cells.js";
import { duplicateGuard } from "./duplicate_guard.js";
import { asksForReturn, changeTopics, contentOf, valuesByName } from "./form_state.js";
import { createGroups } from "./groups.js";
import { createToast, showProblems } from "./messages.js";

/** @import { Backend, Consultation, KeptAnswers, SaveResult } from "./form_state.js" */

start(byId("consultation", HTMLFormElement));

/** @param {HTMLFormElement} form */
function start(form) {
  const words = form.dataset;
  const isCorrection = words.correcting === "yes";
  const tally = /** @type {HTMLFormElement | null} */ (document.getElementById("tally"));
  let taps = 0;
  let began = 0;
  let isSending = false;
  /** @type {Consultation | null} */
  let last = null;
  /** Topic codes in the order in which they were marked. */
  let topics = inputs("input[name=topics]:checked", form).map((input) => input.value);

  const cells = createCells(form, () => {
    taps += 1;
  });
  const groups = createGroups(form, cells);
  const toast = createToast(words);
  const post = createPost(form);
  const server = serverBackend(form, post);
  /** @type {Backend} */
  let backend = server;
  const card = createCard({ form, cells, groups, redraw, post, showMessage: toast.show });
  const spent = () => (began ? Date.now() - began : 0);
  const kept = () => inputs("input, select", form).filter(({ name }) => name && name !== "csrf_token" && name !== "desk");
  const isChoice = (/** @type {HTMLInputElement} */ input) => input.type === "checkbox" || input.type === "radio";

  // --- Topics: the first one marked is the main one until another is chosen. ---
  const mainTopic = query("select[name=main_topic]", HTMLSelectElement, form);
  const [noMainTopic, ...topicOptions] = mainTopic.options;
  const topicNames = Object.fromEntries(topicOptions.map((option) => [option.value, option.textContent]));
  function drawTopics() {
    const chosen = topics.includes(mainTopic.value) ? mainTopic.value : "";
    mainTopic.replaceChildren(noMainTopic, ...topics.map((code) => element("option", { value: code, textContent: topicNames[code] })));
    mainTopic.value = chosen;
    mainTopic.disabled = topics.length < 2;
    for (const more of all(".chip-more", form)) more.classList.toggle("holds", all("input:checked", more).length > 0);
  }
  form.addEventListener("change", (event) => {
    const { name, value, checked } = /** @type {HTMLInputElement} */ (event.target);
    if (name === "topics") {
      topics = changeTopics(topics, value, checked);
      drawTopics();
    }
    const part = closest(event, ".part");
    if (part) for (const problem of all(".problem:not(#p-card)", part)) problem.hidden = true;
  });

  // --- Taps, panels and keys of the whole form. ---
  const openPanels = () => all("details.more[open]", form).map((panel) => /** @type {HTMLDetailsElement} */ (panel));
  form.addEventListener("click", (event) => {
    if (!began) began = Date.now();
    if (event.isTrusted) taps += 1;
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
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      save(query("button.save", HTMLButtonElement, form));
    }
  });

  // --- Saving: to the server, or on an enrolled tablet to the tablet itself. ---
  /** @param {string} repeatContact the answer of the button that saves */
  function read(repeatContact) {
    const value = (/** @type {string} */ name) => field(form, name).value;
    const checked = (/** @type {string} */ name) => inputs(`input[name=${name}]:checked`, form).map((input) => input.value);
    const answers = {
      id: value("id"),
      desk: value("desk"),
      held_on: value("held_on"),
      channel: value("channel"),
      modality: value("modality"),
      travel_group: value("travel_group"),
      language: value("language"),
      card: card.input.value.trim() || null,
      groups: groups.read(repeatContact),
      topics,
      outcomes: checked("outcomes"),
      flags: checked("flags"),
    };
    return contentOf(answers, mainTopic.value, isCorrection ? null : { taps, milliseconds: spent() });
  }
  /** @param {boolean} isDisabled */
  function disableSaving(isDisabled) {
    for (const button of all("button.save", form)) /** @type {HTMLButtonElement} */ (button).disabled = isDisabled;
  }
  /** @param {HTMLButtonElement} button */
  async function save(button) {
    if (isSending || isCorrection) return;
    isSending = true;
    disableSaving(true);
    try {
      await backendChosen;
      const sent = read(button.value);
      const answer = await duplicateGuard.ask(sent);
      if (answer === "drop") drop();
      if (answer !== "save") return;
      onResult(await backend.keep(sent), sent, button.value);
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
  form.addEventListener("submit", (event) => {
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    if (isCorrection || !button?.classList.contains("save")) return;
    event.preventDefault();
    save(button);
  });
  /** @param {Consultation} sent */
  function onSaved(sent) {
    last = { ...sent, card: null };
    duplicateGuard.remember(sent);
    const before = snapshot();
    clear();
    const undo = async () => {
      if (!(await backend.undo(sent.id))) return;
      duplicateGuard.forget(sent.id);
      restore(before);
      toast.show(words.undone);
    };
    toast.show(words.saved, undo, nextSteps(sent));
  }
  function drop() {
    const before = snapshot();
    clear();
    toast.show(words.dropped, async () => restore(before));
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

  // --- Clearing the form, and bringing the answers back. ---
  function snapshot() {
    const values = inputs("input, select", form)
      .filter((input) => input.name && input.type !== "hidden")
      .map((input) => ({ input, checked: input.checked, value: input.value }));
    return { values, topics: [...topics], groups: groups.list().slice(1), situations: groups.situations().slice(1) };
  }
  /** @param {ReturnType<typeof snapshot>} before */
  function restore(before) {
    groups.list()[0].after(...before.groups);
    groups.situations()[0].after(...before.situations);
    for (const { input, checked, value } of before.values) {
      input.checked = checked;
      if (!isChoice(input)) input.value = value;
    }
    topics = before.topics;
    redraw();
    card.check(false);
  }
  function clear() {
    groups.removeAdded();
    card.input.value = "";
    card.check(false);
    for (const input of inputs("input[type=number]", form)) input.value = "";
    for (const input of inputs("input[type=radio], input[name=topics], input[name=flags]", form)) input.checked = false;
    for (const input of inputs("input[name=outcomes]", form)) input.checked = input.value === "information_given";
    for (const select of inputs(".other select", form)) select.value = "";
    field(form, "groups-0-situation").value = "unknown";
    field(form, "travel_group").value = "not_stated";
    query("select[name=language]", HTMLSelectElement, form).selectedIndex = 0;
    backend.setDay?.();
    field(form, "held_on").value = field(form, "held_on").max;
    field(form, "id").value = uuid();
    topics = [];
    taps = 0;
    began = 0;
    for (const problem of all(".problem", form)) problem.hidden = true;
    redraw();
  }
  function redraw() {
    groups.redraw();
    drawTopics();
    cells.showTotal();
  }

  // --- Same as the last one: its nationality and topics, never its people. ---
  document.getElementById("like-last")?.addEventListener("click", (event) => {
    if (!last && backend.isShell) {
      event.preventDefault();
      toast.show(words.nolast);
    }
    if (!last) return;
    event.preventDefault();
    groups.setNationality(groups.list()[0], last.groups[0].nationality);
    topics = [...last.topics];
    for (const input of inputs("input[name=topics]", form)) input.checked = topics.includes(input.value);
    redraw();
    mainTopic.value = topics.length > 1 ? last.main_topic || "" : "";
  });
  if (tally) {
    tally.addEventListener("submit", (event) => {
      event.preventDefault();
      // No network, or a network that answers itself: nothing was counted.
      saveRefusal(tally).catch(() => toast.show(words.offline));
    });
  }
  /**
   * Somebody declines to be recorded: counted with the day and the desk only.
   * @param {HTMLFormElement} refusalForm
   */
  async function saveRefusal(refusalForm) {
    const value = (/** @type {string} */ name) => field(refusalForm, name).value;
    const id = value("id");
    await backendChosen;
    const refusal = { id, desk: value("desk"), held_on: value("held_on"), outcomes: [value("outcomes")] };
    const { left, kept: isKept, problems, problem } = await backend.keep(/** @type {Consultation} */ (refusal));
    if (left) {
      refusalForm.submit();
      return;
    }
    if (!isKept) {
      toast.show((problems ? problems[0].message : problem) || words.offline);
      return;
    }
    field(refusalForm, "id").value = uuid();
    toast.show(words.tally, async () => {
      if (await backend.undo(id)) toast.show(words.undone);
    });
  }

  // --- The answers so far, for the page in another language; they are held in memory only. ---
  /** @returns {KeptAnswers} */
  function state() {
    const fields = [...new FormData(form)].filter(([name]) => name !== "csrf_token" && name !== "desk");
    return { fields, groups: groups.list().length, order: topics, main: mainTopic.value, taps, spent: spent(), last };
  }
  /** @param {KeptAnswers} answers */
  function fill(answers) {
    while (groups.list().length < answers.groups) groups.add();
    const given = valuesByName(answers.fields);
    for (const input of kept()) {
      const values = given.get(input.name) || [];
      if (isChoice(input)) input.checked = values.includes(input.value);
      else if (values.length) input.value = values[values.length - 1];
    }
    ({ order: topics, taps, last } = answers);
    began = answers.spent ? Date.now() - answers.spent : 0;
    redraw();
    mainTopic.value = answers.main;
    card.check(true);
  }
  const isDirty = () =>
    toast.isUndoOffered() ||
    isSending ||
    Boolean(card.input.value) ||
    cells.hasAny() ||
    all("input[name=topics]:checked, input[name=flags]:checked, .from input:checked", form).length > 0 ||
    inputs(".from select", form).some((select) => Boolean(select.value));

  for (const group of groups.list()) groups.enhance(group);
  for (const root of all("[data-rove]", form)) rovingTabindex(root);
  redraw();
  if (card.input.value) card.check(true);
  if (!isCorrection) query(".known .plus", HTMLElement, form).focus({ preventScroll: true });
  const backendChosen = isCorrection ? Promise.resolve() : chooseBackend();
  async function chooseBackend() {
    try {
      if (!(await ready)) return;
      const { tabletBackend } = await import("../tablet/record.js");
      backend = (await tabletBackend({ form, tally, card, uuid, state, fill, isDirty })) || server;
    } catch {
      // The tablet's storage fails while the page starts: the server is asked, as by any other browser.
    }
  }
}
