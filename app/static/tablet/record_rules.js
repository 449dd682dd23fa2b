// @ts-check
// What the server would refuse of a consultation, found on the tablet before it is sealed; the server's own rules decide.
/** @import { Consultation, Group } from "../consultation/form_state.js" */

const MOST_DAYS = 60;
const MOST_PERSONS = 200;
const DAY = 86_400_000;

/**
 * @typedef {object} DeskDays
 * @property {string} today at the desk
 * @property {string} [opened] the desk's first day
 * @property {string} [closes] its last day, if it has one
 * @property {string} [yearStart] the month in which the reporting year begins
 * @property {boolean} isCardWrong
 */

/** @param {Group[]} groups */
export const personsIn = (groups) => groups.flatMap((group) => group.persons).reduce((sum, persons) => sum + persons.n, 0);
/**
 * @param {string} day
 * @param {string | undefined} yearStart
 */
export const isFirstMonth = (day, yearStart) => Number(day.slice(5, 7)) === Number(yearStart);
/**
 * @param {string} day
 * @param {number} days
 */
const daysBefore = (day, days) => new Date(Date.parse(day) - days * DAY).toISOString().slice(0, 10);

/**
 * The code of what is wrong with the day; "" if nothing is.
 * @param {string} day
 * @param {DeskDays} desk
 */
function dayProblem(day, { today, opened, closes }) {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return "not_a_date";
  if (day > today) return "in_future";
  if (opened && day < opened) return "before_opening";
  if (closes && day > closes) return "desk_closed";
  return day < daysBefore(today, MOST_DAYS) ? "too_long_ago" : "";
}
/**
 * @param {string | undefined} answer
 * @param {string} day
 * @param {string | undefined} yearStart
 */
function repeatContactProblem(answer, day, yearStart) {
  if (!answer) return "required";
  return answer === "first_this_month" && isFirstMonth(day, yearStart) ? "impossible_answer" : "";
}
/**
 * Field and code of everything that the server would refuse.
 * @param {Consultation} sent
 * @param {DeskDays} desk
 */
export function problemsOf(sent, desk) {
  /** @type {{ field: string, code: string }[]} */
  const found = [];
  const add = (/** @type {string} */ field, /** @type {string} */ code) => {
    if (code) found.push({ field, code });
  };
  add("held_on", dayProblem(sent.held_on, desk));
  if (!sent.groups) return found;
  sent.groups.forEach((group, n) => {
    add(`groups.${n}.persons`, group.persons.length ? "" : "no_people");
    add(`groups.${n}.nationality`, group.nationality ? "" : "required");
    add(`groups.${n}.repeat_contact`, repeatContactProblem(group.repeat_contact, sent.held_on, desk.yearStart));
  });
  add("groups", personsIn(sent.groups) > MOST_PERSONS ? "too_many_people" : "");
  add("topics", sent.topics.length ? "" : "required");
  add("outcomes", sent.outcomes.length ? "" : "required");
  add("flags", sent.flags.includes("none") && sent.flags.length > 1 ? "excludes_others" : "");
  add("card", desk.isCardWrong ? "card_mistyped" : "");
  return found;
}
