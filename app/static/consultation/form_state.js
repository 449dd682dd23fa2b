// @ts-check
// The answers of the form: read as the JSON that any other client sends, cleared, and brought back.
import { all, element, field, inputs, query } from "../lib/dom.js";
import { uuid } from "../lib/encoding.js";

/** @import { Cells } from "./cells.js" */
/** @import { Groups } from "./groups.js" */

/**
 * @typedef {{ sex: string, age_band: string, n: number }} Persons
 *
 * @typedef {object} Group
 * @property {string} nationality
 * @property {string} situation
 * @property {Persons[]} persons
 * @property {string} [repeat_contact]
 *
 * @typedef {object} Consultation a refusal to be recorded has no groups, topics, flags
 * @property {string} id
 * @property {string} desk
 * @property {string} held_on
 * @property {string} channel
 * @property {string} modality
 * @property {string} travel_group
 * @property {string} language
 * @property {string | null} card
 * @property {Group[]} groups
 * @property {string[]} topics in the order in which they were chosen
 * @property {string} [main_topic]
 * @property {string[]} outcomes
 * @property {string[]} flags
 * @property {number} [taps]
 * @property {number} [milliseconds]
 *
 * @typedef {{ field: string, message: string }} Problem
 *
 * @typedef {object} SaveResult
 * @property {boolean} [kept] stored for good
 * @property {boolean} [left] the session has ended
 * @property {Problem[]} [problems]
 * @property {string} [problem]
 *
 * @typedef {object} Backend where records are saved: the server, or on an enrolled tablet the tablet itself
 * @property {(sent: Consultation) => Promise<SaveResult>} keep
 * @property {(id: string) => Promise<boolean>} undo
 * @property {() => void} [setDay]
 * @property {boolean} [isShell] whether the page was drawn without the server
 *
 * @typedef {object} KeptAnswers the answers across a change of language
 * @property {[string, FormDataEntryValue][]} fields
 * @property {number} groups
 * @property {string[]} order
 * @property {string} main
 * @property {number} taps
 * @property {number} spent
 * @property {Consultation | null} last
 *
 * @typedef {object} FormPage what the tablet needs of the page
 * @property {HTMLFormElement} form
 * @property {HTMLFormElement | null} tally
 * @property {{ isWrong: () => boolean }} card
 * @property {() => string} uuid
 * @property {() => KeptAnswers} state
 * @property {(kept: KeptAnswers) => void} fill
 * @property {() => boolean} isDirty
 */

const MOST_TAPS = 10_000;
const MOST_MILLISECONDS = 86_400_000;

/**
 * The content of a record. The main topic is the one chosen, otherwise the first; corrections carry no effort.
 * @param {Omit<Consultation, "main_topic" | "taps" | "milliseconds">} answers
 * @param {string} mainTopic "" if none was chosen
 * @param {{ taps: number, milliseconds: number } | null} effort
 * @returns {Consultation}
 */
export function contentOf(answers, mainTopic, effort) {
  /** @type {Consultation} */
  const content = { ...answers };
  const main = mainTopic || answers.topics[0];
  if (main) content.main_topic = main;
  if (effort) {
    content.taps = Math.min(effort.taps, MOST_TAPS);
    content.milliseconds = Math.min(effort.milliseconds, MOST_MILLISECONDS);
  }
  return content;
}
/**
 * The topics in the order in which they were marked, after one more change.
 * @param {string[]} order
 * @param {string} code
 * @param {boolean} isChecked
 */
export const changeTopics = (order, code, isChecked) => [...order.filter((other) => other !== code), ...(isChecked ? [code] : [])];

/**
 * The values of each control of a form, in their order.
 * @param {Iterable<[string, FormDataEntryValue]>} fields
 */
export function valuesByName(fields) {
  /** @type {Map<string, string[]>} */
  const values = new Map();
  for (const [name, value] of fields) values.set(name, [...(values.get(name) || []), String(value)]);
  return values;
}

/** @param {Consultation} sent */
export const asksForReturn = ({ topics, outcomes }) => topics.includes("voluntary_return") || outcomes.includes("return_request_opened");

/**
 * The element ids and groups of what is wrong: `groups.1.nationality` is reported at `p-from-1`.
 * @param {string} name
 */
export function problemPlace(name) {
  /** @type {Record<string, string>} */
  const places = { persons: "who", nationality: "from", repeat_contact: "before" };
  const parts = name.split(".");
  if (parts[0] !== "groups") return { id: `p-${parts[0]}`, group: "" };
  const group = parts[1] || "0";
  return { id: `p-${places[parts[2]] || "who"}-${group}`, group };
}

const isChoice = (/** @type {HTMLInputElement} */ input) => input.type === "checkbox" || input.type === "radio";
/** What belongs to the page and not to the answers. */
const isOfPage = (/** @type {string} */ name) => !name || name === "csrf_token" || name === "desk";

/**
 * The topics: the first one marked is the main one until another is chosen.
 * @param {HTMLFormElement} form
 */
function createTopics(form) {
  const main = query("select[name=main_topic]", HTMLSelectElement, form);
  const [none, ...options] = main.options;
  const names = Object.fromEntries(options.map((option) => [option.value, option.textContent]));
  let codes = inputs("input[name=topics]:checked", form).map((input) => input.value);
  function draw() {
    const chosen = codes.includes(main.value) ? main.value : "";
    main.replaceChildren(none, ...codes.map((code) => element("option", { value: code, textContent: names[code] })));
    main.value = chosen;
    main.disabled = codes.length < 2;
    for (const more of all(".chip-more", form)) more.classList.toggle("holds", all("input:checked", more).length > 0);
  }
  return {
    main,
    draw,
    codes: () => codes,
    /** @param {string[]} order */
    set: (order) => {
      codes = order;
    },
    /**
     * @param {string} code
     * @param {boolean} isChecked
     */
    change(code, isChecked) {
      codes = changeTopics(codes, code, isChecked);
      draw();
    },
  };
}

/**
 * @param {HTMLFormElement} form
 * @param {Groups} groups
 * @param {string} repeatContact
 */
function readAnswers(form, groups, repeatContact) {
  const value = (/** @type {string} */ name) => field(form, name).value;
  const checked = (/** @type {string} */ name) => inputs(`input[name=${name}]:checked`, form).map((input) => input.value);
  return {
    id: value("id"),
    desk: value("desk"),
    held_on: value("held_on"),
    channel: value("channel"),
    modality: value("modality"),
    travel_group: value("travel_group"),
    language: value("language"),
    card: query("#card", HTMLInputElement, form).value.trim() || null,
    groups: groups.read(repeatContact),
    outcomes: checked("outcomes"),
    flags: checked("flags"),
  };
}
/** @param {HTMLFormElement} form */
function clearAnswers(form) {
  for (const input of inputs("input[type=number]", form)) input.value = "";
  for (const input of inputs("input[type=radio], input[name=topics], input[name=flags]", form)) input.checked = false;
  for (const input of inputs("input[name=outcomes]", form)) input.checked = input.value === "information_given";
  for (const select of inputs(".other select", form)) select.value = "";
  field(form, "groups-0-situation").value = "unknown";
  field(form, "travel_group").value = "not_stated";
  query("select[name=language]", HTMLSelectElement, form).selectedIndex = 0;
  field(form, "held_on").value = field(form, "held_on").max;
  field(form, "id").value = uuid();
  for (const problem of all(".problem", form)) problem.hidden = true;
}

/**
 * @param {HTMLFormElement} form
 * @param {Map<string, string[]>} given
 */
function setAnswers(form, given) {
  for (const input of inputs("input, select", form).filter(({ name }) => !isOfPage(name))) {
    const values = given.get(input.name) || [];
    if (isChoice(input)) input.checked = values.includes(input.value);
    else if (values.length) input.value = values[values.length - 1];
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {Cells} cells
 * @param {Groups} groups
 */
export function createFormState(form, cells, groups) {
  const isCorrection = form.dataset.correcting === "yes";
  const topics = createTopics(form);
  let taps = 0;
  let began = 0;
  const spent = () => (began ? Date.now() - began : 0);

  function redraw() {
    groups.redraw();
    topics.draw();
    cells.showTotal();
  }
  /** @param {string} repeatContact the answer of the button that saves */
  function read(repeatContact) {
    const answers = { ...readAnswers(form, groups, repeatContact), topics: topics.codes() };
    return contentOf(answers, topics.main.value, isCorrection ? null : { taps, milliseconds: spent() });
  }
  function clear() {
    groups.removeAdded();
    clearAnswers(form);
    topics.set([]);
    taps = 0;
    began = 0;
    redraw();
  }
  /** Everything that an undo brings back, on this page. */
  function snapshot() {
    const values = inputs("input, select", form)
      .filter((input) => input.name && input.type !== "hidden")
      .map((input) => ({ input, checked: input.checked, value: input.value }));
    return { values, topics: [...topics.codes()], groups: groups.list().slice(1), situations: groups.situations().slice(1) };
  }
  /** @param {ReturnType<typeof snapshot>} before */
  function restore(before) {
    groups.list()[0].after(...before.groups);
    groups.situations()[0].after(...before.situations);
    for (const { input, checked, value } of before.values) {
      input.checked = checked;
      if (!isChoice(input)) input.value = value;
    }
    topics.set(before.topics);
    redraw();
  }
  /**
   * The answers so far, for the page in another language; they are held in memory only.
   * @returns {Omit<KeptAnswers, "last">}
   */
  function toKept() {
    const fields = [...new FormData(form)].filter(([name]) => !isOfPage(name));
    return { fields, groups: groups.list().length, order: topics.codes(), main: topics.main.value, taps, spent: spent() };
  }
  /** @param {KeptAnswers} kept */
  function fromKept(kept) {
    while (groups.list().length < kept.groups) groups.add();
    setAnswers(form, valuesByName(kept.fields));
    topics.set(kept.order);
    taps = kept.taps;
    began = kept.spent ? Date.now() - kept.spent : 0;
    redraw();
    topics.main.value = kept.main;
  }
  /**
   * The nationality and topics of another record, never its people.
   * @param {Consultation} last
   */
  function repeat(last) {
    groups.setNationality(groups.list()[0], last.groups[0].nationality);
    topics.set([...last.topics]);
    for (const input of inputs("input[name=topics]", form)) input.checked = last.topics.includes(input.value);
    redraw();
    topics.main.value = last.topics.length > 1 ? last.main_topic || "" : "";
  }
  const hasAnswers = () =>
    cells.hasAny() ||
    all("input[name=topics]:checked, input[name=flags]:checked, .from input:checked", form).length > 0 ||
    inputs(".from select", form).some((select) => Boolean(select.value));
  function begin() {
    began ||= Date.now();
  }
  function countTap() {
    taps += 1;
  }
  return { changeTopic: topics.change, redraw, read, clear, snapshot, restore, toKept, fromKept, repeat, hasAnswers, begin, countTap };
}
