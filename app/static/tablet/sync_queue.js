// @ts-check
// Sends what waits, in the order in which it was saved, one run at a time among all pages and the worker.
// A record leaves only on a receipt for itself; whatever else is answered, it stays.
import { isPaused, jitter, nextWait, retryAfter, untilNextTry } from "./backoff.js";
import { announceChange, envelope, store } from "./store.js";

/** @import { Device, Entry } from "./store.js" */

const MOST = 50;
const MOST_BYTES = 100_000;
const ANSWER_WITHIN = 60_000;
const FRESH = 60_000;
/** @type {Record<string, string>} */
const STATES = { created: "sent", duplicate: "sent", conflict: "mend", quarantined: "mend" };
const isPage = typeof document !== "undefined";
let wait = 0;
let notBefore = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * What came of one run: `result` in one word, `wait` in how many ms it is tried again by itself.
 * @typedef {object} SyncResult
 * @property {number} sent
 * @property {number} waiting
 * @property {string} result "sent", "nothing", "busy", "offline", "portal", "refused" or "full"
 * @property {number} [wait]
 */

// --- The run. ---
/**
 * @param {string} [reason] what triggered it: "save", "timer", "chip", "sync", …
 * @returns {Promise<SyncResult>}
 */
async function triggerSync(reason = "") {
  try {
    return await exclusively(reason, () => run(reason));
  } catch {
    // Only the storage can fail here: the chip says so, and the queue stays as it is.
    return { sent: 0, waiting: await store.waiting().catch(() => 0), result: "full" };
  }
}
/**
 * @param {string} reason
 * @param {() => Promise<SyncResult>} work
 */
function exclusively(reason, work) {
  if (!navigator.locks) return work();
  // The worker waits for its turn: what woke it does not come again.
  const options = { ifAvailable: reason !== "sync" };
  return navigator.locks.request("ventanilla-sender", options, (lock) => (lock ? work() : report(0, "busy")));
}
/**
 * @param {number} sent
 * @param {string} result
 * @returns {Promise<SyncResult>}
 */
const report = async (sent, result) => ({ sent, waiting: await store.waiting(), result });
/** @param {string} reason */
async function run(reason) {
  const { device, retry } = await store.many(["device", "retry"]);
  if (!device) return report(0, "nothing");
  if (device.state !== "enrolled") return report(0, "refused");
  if (isPaused(retry, Date.now()) || (reason === "timer" && Date.now() < notBefore)) return scheduleNext(await report(0, "busy"));
  const { sent, problem } = await drainAll(device, reason);
  if (problem) await noteFailure(problem);
  await store.prune();
  return scheduleNext(await report(sent, problem || (sent ? "sent" : "nothing")));
}
/**
 * @param {Device} device
 * @param {string} reason
 */
async function drainAll(device, reason) {
  let sent = 0;
  let pass = { after: 0, sent: 0, problem: "", stuck: "" };
  do {
    pass = await drain(device, pass.after);
    sent += pass.sent;
    if (!pass.problem) pass.problem = await contactIfDue(device, reason, sent);
  } while (!pass.problem && (await store.list(1, pass.after)).length);
  return { sent, problem: pass.problem || pass.stuck };
}
/**
 * @param {Device} device
 * @param {number} from
 */
async function drain(device, from) {
  let after = from;
  let sent = 0;
  let most = MOST;
  let stuck = "";
  for (;;) {
    const batch = fitting(await store.list(most, after));
    if (!batch.length) return { after, sent, problem: "", stuck };
    const { removed, problem, tooMuch } = await send(device, batch);
    sent += removed;
    if (tooMuch && batch.length > 1) {
      most = Math.floor(batch.length / 2);
      continue;
    }
    if (problem && !tooMuch) return { after, sent, problem, stuck };
    if (tooMuch) {
      stuck = "full";
      most = MOST;
    }
    after = batch[batch.length - 1].place;
  }
}
/** @param {Entry[]} entries */
export function fitting(entries) {
  let bytes = 0;
  return entries.filter((entry, n) => {
    bytes += entry.sealed.length + 150;
    return n === 0 || bytes <= MOST_BYTES;
  });
}

// --- One batch: what the answer proves, and nothing more. ---
/**
 * @param {Device} device
 * @param {Entry[]} batch
 */
async function send(device, batch) {
  const { answer, problem } = await ask("/sync/envelopes", device, { envelopes: batch.map(envelope) });
  if (problem) return { removed: 0, problem, tooMuch: problem === "full" };
  const states = receivedStates(batch, answer);
  const ids = Object.keys(states);
  if (!ids.length) return { removed: 0, problem: "portal", tooMuch: false };
  await store.remove(ids, states);
  wait = notBefore = 0;
  return { removed: ids.length, problem: "", tooMuch: false };
}
/**
 * The new state of each entry for which the answer holds its own receipt.
 * @param {Pick<Entry, "id" | "receipt">[]} batch
 * @param {any} answer
 */
export function receivedStates(batch, answer) {
  const results = Array.isArray(answer.results) ? answer.results : [];
  /** @type {Record<string, string>} */
  const states = {};
  for (const entry of batch) {
    const own = results.find((/** @type {any} */ found) => found && found.id === entry.id && Object.hasOwn(STATES, found.result));
    if (own?.receipt === entry.receipt) states[entry.id] = STATES[own.result];
  }
  return states;
}
/**
 * The server's answer, or in one word why there is none.
 * @param {string} path
 * @param {Device} device
 * @param {unknown} content
 * @returns {Promise<{ answer?: any, problem: string }>}
 */
async function ask(path, device, content) {
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      redirect: "manual",
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWER_WITHIN),
      headers: { "Content-Type": "application/json", Accept: "application/json", Authorization: `Device ${device.credential}` },
      body: JSON.stringify(content),
    });
  } catch {
    return { problem: "offline" }; // no network, or no answer in time: it stays in the queue
  }
  const answer = await response.json().catch(() => null); // not JSON: somebody else answered, which problemOf names
  if (response.status === 200 && answer && typeof answer === "object") return { answer, problem: "" };
  return { problem: await problemOf(response, answer) };
}
/**
 * @param {Response} response
 * @param {any} answer
 */
async function problemOf(response, answer) {
  if (response.status === 401 && answer?.device) {
    await store.update("device", (mine) => mine && { ...mine, state: "refused" });
    return "refused";
  }
  if (response.status === 413) return "full";
  if (response.status !== 429 && response.status < 500) return "portal";
  const pause = retryAfter(response.headers.get("Retry-After"), Date.now());
  if (pause) await store.set("retry", { until: Date.now() + pause, wait: pause });
  return "busy";
}

// --- Waiting: as long as the server says, otherwise longer each time. ---
/** @param {string} problem */
async function noteFailure(problem) {
  wait = nextWait(wait);
  notBefore = Date.now() + jitter(wait);
  await store.update("contact", (last) => ({ ...last, ok: problem === "full" && Boolean(last?.ok) }));
  announceChange();
}
/**
 * @param {SyncResult} done
 * @returns {Promise<SyncResult>}
 */
async function scheduleNext(done) {
  clearTimeout(timer);
  if (!done.waiting || done.result === "refused") return done;
  const next = untilNextTry(await store.get("retry"), notBefore, Date.now());
  if (isPage) timer = setTimeout(() => triggerSync("timer"), next);
  await wake();
  return { ...done, wait: next };
}
/** Asks the browser to wake the worker when there is a network; the name is new each time, a used one sleeps for minutes. */
async function wake() {
  if (!isPage) return;
  const registration = await navigator.serviceWorker?.getRegistration().catch(() => undefined); // none: the page's timer sends
  // A worker that is kept awake never gives way to its successor.
  if (!registration?.sync || registration.waiting) return;
  const tags = await registration.sync.getTags().catch(() => []); // unknown: one more does no harm
  if (tags.length < 2)
    await registration.sync.register(`send-${Date.now()}`).catch(() => {
      // Not allowed: the timer sends.
    });
}

// --- Contact: reports how much waits, learns the current key, lists and people. ---
/**
 * @param {Device} device
 * @param {string} reason
 * @param {number} sent
 */
async function contactIfDue(device, reason, sent) {
  const last = await store.get("contact");
  // What was to be fixed may be fixed by now, on this tablet or at the supervisor's.
  const isFresh = last?.ok && !last.to_mend && Math.abs(Date.now() - Number(last.at)) < FRESH;
  if (isFresh && !sent && reason !== "chip") return "";
  return contact(device);
}
/** @param {Device} [known] */
async function contact(known) {
  const device = known || (await store.get("device"));
  if (!device) return "nothing";
  const waiting = await store.waiting();
  const first = await store.oldest();
  const { saved, version } = await store.many(["saved", "version"]);
  const persisted = Boolean(await navigator.storage?.persisted?.());
  const began = Date.now();
  const { answer, problem } = await ask("/sync/contact", device, {
    waiting,
    oldest_at: first && new Date(first.saved_at).toISOString(),
    saved: saved || 0,
    version: version || "",
    persisted,
  });
  if (problem) return problem;
  if (!isWhole(answer)) return "portal";
  await learn(device, answer, (began + Date.now()) / 2);
  return "";
}
/** @param {any} answer */
export function isWhole(answer) {
  const [key] = Array.isArray(answer.keys) ? answer.keys : [];
  return Boolean(key?.id && key.public && answer.lists?.desk && Number.isFinite(Date.parse(answer.now)));
}
/**
 * @param {Device} device
 * @param {any} answer
 * @param {number} at
 */
async function learn(device, answer, at) {
  await store.update("device", (mine) =>
    mine?.device === device.device ? { ...mine, desk: answer.lists.desk, keys: answer.keys, lists: answer.lists, state: "enrolled" } : mine,
  );
  if (Array.isArray(answer.people)) await store.set("people", answer.people);
  await store.set("contact", { at: Date.now(), offset: Math.round(Date.parse(answer.now) - at), to_mend: answer.to_mend || 0, ok: true });
  await store.set("retry", undefined);
  wait = notBefore = 0;
  announceChange();
  if (isPage) navigator.serviceWorker?.controller?.postMessage({ shells: true });
}

export const syncQueue = { triggerSync, wake, contact: () => contact() };
