// @ts-check
// The day without the network: what this tablet recorded, what became of it, and voiding one of the records.
import { all, buttons, byId, fillText, query } from "../lib/dom.js";
import { outbox } from "./outbox.js";
import { ready } from "./page.js";
import { languages } from "./status_chip.js";
import { store } from "./store.js";

/** @import { DayLine } from "./store.js" */

const list = byId("day", HTMLElement);
const row = byId("day-row", HTMLTemplateElement);
const problem = byId("day-problem", HTMLElement);
/**
 * @param {string} name
 * @param {number} n
 */
function showTotal(name, n) {
  query(`[data-total="${name}"]`, HTMLElement).textContent = String(n);
}

async function redraw() {
  const [records, { device, shift, contact }] = await Promise.all([store.day(), store.many(["device", "shift", "contact"])]);
  const format = new Intl.DateTimeFormat(languages(), { timeStyle: "short", timeZone: device?.desk.time_zone });
  const rows = /** @type {HTMLElement[]} */ ([...list.children]);
  const isSame = records.length === rows.length && records.every((record, n) => shows(rows[rows.length - 1 - n], record));
  // Reasons that are open stay open while nothing changed.
  if (list.querySelector("[open]") && isSame) return;
  const timeOf = (/** @type {number} */ moment) => format.format(moment + (contact?.offset || 0));
  list.replaceChildren(...records.map((record) => drawRow(record, timeOf)).reverse());
  byId("day-empty", HTMLElement).hidden = records.length > 0;
  const ofShift = shift ? records.filter((record) => record.at >= shift.since) : records;
  const live = ofShift.filter((record) => record.state !== "void");
  showTotal("saved", live.length);
  showTotal(
    "persons",
    live.reduce((sum, record) => sum + (record.kind === "consultation" ? record.n : 0), 0),
  );
  showTotal("voided", ofShift.length - live.length);
  showTotal("waiting", await store.waiting());
}
/**
 * @param {HTMLElement} line
 * @param {DayLine} record
 */
const shows = (line, record) => line.dataset.id === record.id && line.dataset.state === record.state;
/**
 * @param {DayLine} record
 * @param {(moment: number) => string} timeOf
 */
function drawRow(record, timeOf) {
  const line = query("li", HTMLElement, /** @type {DocumentFragment} */ (row.content.cloneNode(true)));
  const words = list.dataset;
  const write = (/** @type {string} */ selector, /** @type {string | undefined} */ text) => {
    query(selector, HTMLElement, line).textContent = text || "";
  };
  Object.assign(line.dataset, { id: record.id, state: record.state });
  line.classList.toggle("void", record.state === "void");
  write(".at", timeOf(record.at));
  write(".n", record.n === 1 ? words.one : fillText(words.many, { n: record.n }));
  write(".who-line", words[record.kind]);
  write(".day-state", words[record.state]);
  const actions = query(".row-actions", HTMLElement, line);
  const box = query("details", HTMLDetailsElement, actions);
  if (record.state === "void" || record.kind !== "consultation") actions.remove();
  for (const button of buttons("button", actions)) button.addEventListener("click", () => voidRecord(record.id, button.value));
  box.addEventListener("toggle", () => {
    if (box.open) closeBoxes(box);
  });
  return line;
}
/** @param {HTMLDetailsElement} [except] */
function closeBoxes(except) {
  for (const box of all("details[open]", list)) if (box !== except) /** @type {HTMLDetailsElement} */ (box).open = false;
}
/** @param {string} [reason] */
function showProblem(reason = "storage") {
  problem.textContent = problem.dataset[reason] || problem.dataset.storage || "";
  problem.hidden = false;
}
/**
 * @param {string} id
 * @param {string} reason
 */
async function voidRecord(id, reason) {
  problem.hidden = true;
  try {
    await outbox.void(id, reason);
  } catch (error) {
    showProblem(/** @type {Error} */ (error).message);
  }
  closeBoxes();
  await redraw();
}

ready.then((isEnrolled) => {
  if (!isEnrolled) return;
  const draw = () => redraw().catch(() => showProblem());
  new BroadcastChannel("ventanilla").addEventListener("message", draw);
  draw();
});
