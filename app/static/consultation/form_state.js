// @ts-check
// The answers of the form as data: what is sent, in the same JSON as any other client sends, and the order of topics.

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
