// @ts-check
// Saving on an enrolled tablet: the record is sealed at once, stored durably, read back, and sent as soon as possible.
import { uuid } from "../lib/encoding.js";
import { seal } from "./crypto.js";
import { envelope, store } from "./store.js";
import { syncQueue } from "./sync_queue.js";

/** @import { Device, Settings } from "./store.js" */

const FORMAT = 1;
const MOST_IN_A_COPY = 1000;

const device = () => store.get("device");

/**
 * Whoever does not work at this desk (a supervisor who signs in, a visitor) records on line only, in their own scope.
 * @param {Partial<Settings>} now
 */
export const mayRecord = ({ device: mine, person, locked, people }) =>
  Boolean(mine && mine.state === "enrolled" && person && !locked && (!people || people.some((known) => known.account === person.account)));
const situation = () => store.many(["device", "person", "locked", "people"]);
const isOpen = async () => mayRecord(await situation());

/**
 * Rejects with Error: "closed" (not enrolled, or nobody on duty), "taken" (this id is kept already), "full", "storage".
 * @param {string} kind
 * @param {Record<string, any>} content
 * @param {number} [n] how many persons
 * @param {string} [about] the id of the record that this one voids
 */
async function save(kind, content, n = 0, about = undefined) {
  const now = await situation();
  const { device: mine, person } = now;
  if (!mayRecord(now) || !mine || !person) throw new Error("closed");
  const id = content.id || uuid();
  const place = await store.next();
  const sent = kind === "consultation" ? withoutDefaults(content, mine) : content;
  const record = { ...sent, id, kind, author: person.account, sequence: place };
  const key = mine.keys[0];
  const { sealed, receipt } = await seal(key, id, record);
  const entry = { id, place, key: key.id, format: FORMAT, sealed, receipt, saved_at: Date.now(), n, kind };
  await store.put(about ? { ...entry, about } : entry);
  // First of all the browser is asked to wake the worker: the page may be closed before its own attempt has failed.
  syncQueue.wake().catch(() => {
    // The record is safe: the timer and the next page send it too.
  });
  syncQueue.triggerSync("save").catch(() => {
    // As above: the record stays in the queue.
  });
  return { id };
}

const DEFAULTS = { channel: "desk_in_person", modality: "informational", travel_group: "not_stated" };
/**
 * What the server fills in itself is left out: on a bad line every byte is paid for, also by the battery.
 * @param {Record<string, any>} content
 * @param {Pick<Device, "lists">} mine
 */
export function withoutDefaults(content, { lists }) {
  const language = lists?.languages ? lists.languages[0] : undefined;
  /** @type {Record<string, unknown>} */
  const defaults = { ...DEFAULTS, language, main_topic: (content.topics || [])[0] };
  const rest = Object.entries(content).filter(
    ([name, value]) => value !== defaults[name] && value !== null && !(name === "flags" && !value.length),
  );
  const groups = (content.groups || []).map((/** @type {Record<string, unknown>} */ group) => {
    const { situation: stated, ...others } = group;
    return stated === "unknown" ? others : group;
  });
  return { ...Object.fromEntries(rest), ...(content.groups ? { groups } : {}) };
}

/**
 * @param {string} record
 * @param {string} reason
 */
async function voidRecord(record, reason) {
  const mine = await device();
  return save("void", { record, desk: mine?.desk.code, reason }, 0, record);
}

/** The queue as files that a supervisor can import on the server; they are as sealed as the queue itself. */
async function copies() {
  const mine = await device();
  const entries = await store.list();
  const day = await store.today();
  const files = [];
  for (let from = 0; from < entries.length; from += MOST_IN_A_COPY) {
    const envelopes = entries.slice(from, from + MOST_IN_A_COPY).map(envelope);
    const text = JSON.stringify({ format: FORMAT, device: mine ? mine.device : null, envelopes });
    files.push({ name: `ventanilla-${day}-${files.length + 1}.json`, blob: new Blob([text], { type: "application/json" }) });
  }
  return files;
}

export const outbox = { isOpen, device, save, void: voidRecord, copies };
