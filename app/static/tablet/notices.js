// @ts-check
// A notice of a referral that waits in the queue: what the server's page would send, and when it was written by the
// server's clock.
import { outbox } from "./outbox.js";
import { hasRoom } from "./status_chip.js";
import { store } from "./store.js";

const ANSWER_WITHIN = 15_000;
const MOST_OF_A_CELL = 99;
const PLAIN = ["id", "desk", "from_consultation", "service", "bed_category", "priority", "language", "note"];

/** @typedef {{ sex: string, age_band: string, n: number }} Persons */

/**
 * The persons of the fields `persons-<sex>-<age band>`.
 * @param {Iterable<[string, FormDataEntryValue]>} fields
 * @returns {Persons[]}
 */
export const personsOf = (fields) =>
  [...fields]
    .filter(([name, n]) => name.startsWith("persons-") && Number(n) > 0)
    .map(([name, n]) => {
      const [, sex, age_band] = name.split("-");
      return { sex, age_band, n: Math.min(MOST_OF_A_CELL, Math.floor(Number(n))) };
    });
/** @param {Persons[]} persons */
export const numberOf = (persons) => persons.reduce((sum, group) => sum + group.n, 0);

/**
 * Stores a notice in the queue; rejects with the same words as outbox.save, or "no_room".
 * @param {Record<string, any> & { persons: Persons[] }} content
 */
async function leave(content) {
  const { person, contact, device } = await store.many(["person", "contact", "device"]);
  if (person?.role && person.role !== "desk_staff") throw new Error("closed");
  if (!(await hasRoom())) throw new Error("no_room");
  const written_at = new Date(Date.now() + (contact?.offset || 0)).toISOString();
  const whole = { desk: device?.desk.code, ...content, written_at };
  try {
    await outbox.save("referral", whole, numberOf(content.persons));
  } catch (error) {
    // The number is stored already: by a try that could not be confirmed, with the same answers.
    if (/** @type {Error} */ (error).message !== "taken") throw error;
  }
}

// --- The server's page, if the network fails meanwhile: the same number, so that whatever arrives is one referral. ---
/** @param {FormData} fields */
function contentOf(fields) {
  const plain = Object.fromEntries(PLAIN.filter((name) => fields.get(name)).map((name) => [name, fields.get(name)]));
  const shelters = fields.getAll(fields.has("several") ? "offers" : "shelters");
  const ticks = { consent: fields.has("consent"), confirmed: fields.has("confirmed") };
  return { ...plain, shelters, flags: fields.getAll("flags"), persons: personsOf(fields), ...ticks };
}
/**
 * The id of what was sent, or whether the server could not be reached.
 * @param {string} address
 * @param {FormData} fields
 * @returns {Promise<{ id?: string, isAway?: boolean }>}
 */
async function send(address, fields) {
  const body = new URLSearchParams(/** @type {any} */ (fields));
  const options = { method: "POST", body, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(ANSWER_WITHIN) };
  const response = await fetch(address, options).catch(() => null); // no network: isAway
  if (response && !response.ok) return { isAway: false };
  const answer = response && (await response.json().catch(() => null)); // not the server's format: isAway
  return answer?.id ? { id: answer.id } : { isAway: true };
}
/** @param {string} code */
async function isOfDesk(code) {
  const device = await outbox.device();
  return Boolean(device && device.desk.code === code);
}

export const notices = { leave, contentOf, send, isOfDesk };
// For support and tests: the console of a page reaches the same objects as its scripts.
Object.assign(self.ventanilla, { notices });
