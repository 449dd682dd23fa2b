// @ts-check
// What the tablet keeps: the outbox of sealed records, today's list (time, persons, state) and a few settings.
// Used by pages and by the worker.

/**
 * @typedef {object} Desk
 * @property {string} code
 * @property {string} name
 * @property {string} time_zone
 *
 * @typedef {object} Device
 * @property {string} device
 * @property {string} credential
 * @property {string} state "enrolled" or "refused"
 * @property {Desk} desk
 * @property {{ id: string, public: string }[]} keys
 * @property {{ desk: Desk, version?: string, languages?: string[] }} lists
 *
 * @typedef {object} Person
 * @property {string} account
 * @property {string} [role]
 *
 * @typedef {object} Colleague somebody of the desk who may take over the tablet with a PIN
 * @property {string} account
 * @property {string} salt
 * @property {number | null} check ten bits of the PIN's hash; null without a PIN
 *
 * @typedef {object} Shift
 * @property {string} account
 * @property {number} since
 * @property {number} saved
 * @property {number} persons
 * @property {number} voided
 *
 * @typedef {object} Contact
 * @property {number} at
 * @property {number} offset ms by which the server's clock is ahead of this one
 * @property {number} to_mend
 * @property {boolean} ok
 *
 * @typedef {object} Settings
 * @property {Device} device
 * @property {Person} person
 * @property {string} session the account whose session the browser has; "" for none
 * @property {boolean} locked
 * @property {string} locale
 * @property {string} mode
 * @property {{ of: string, at: number }} shells
 * @property {number} touched
 * @property {number} idle seconds
 * @property {Colleague[]} people
 * @property {{ n: number }} tries
 * @property {Shift} shift
 * @property {Partial<Contact>} contact
 * @property {{ until: number, wait: number }} retry
 * @property {string} version
 * @property {number} sequence
 * @property {number} saved
 * @property {string} pruned
 *
 * @typedef {object} Entry a sealed record in the outbox
 * @property {string} id
 * @property {number} place
 * @property {string} key
 * @property {number} format
 * @property {string} sealed
 * @property {string} receipt
 * @property {number} saved_at
 * @property {number} n
 * @property {string} kind
 * @property {string} [about]
 *
 * @typedef {object} DayLine a record in today's list
 * @property {string} id
 * @property {number} at
 * @property {number} n
 * @property {string} kind
 * @property {string} state "waiting", "sent", "mend" or "void"
 * @property {string} day
 */

const NAME = "ventanilla";
const VERSION = 1;
/** @type {Promise<IDBDatabase> | null} */
let opened = null;

// --- Opening: one connection, closed when a newer version of the app wants to change the stores. ---
function open() {
  opened ||= connect(VERSION)
    .catch((error) => {
      // A newer app ran here before, or the stores could not be upgraded: what waits may still leave, but nothing is added.
      if (error && ["VersionError", "AbortError"].includes(error.name)) return connect();
      throw error;
    })
    .catch(() => {
      // Callers know one word for a storage that fails, whatever the browser calls it.
      opened = null;
      throw new Error("storage");
    });
  return opened;
}
/**
 * @param {number} [version]
 * @returns {Promise<IDBDatabase>}
 */
function connect(version) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, version);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("outbox", { keyPath: "id" }).createIndex("place", "place");
      request.result.createObjectStore("meta");
      request.result.createObjectStore("day", { keyPath: "id" });
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const db = request.result;
      db.onversionchange = () => {
        db.close();
        opened = null;
      };
      db.onclose = () => {
        opened = null;
      };
      resolve(db);
    };
  });
}
/**
 * Runs `work` in one transaction; what it returns is called (or its result read) when all of it is stored.
 * @template T
 * @param {string | string[]} stores
 * @param {IDBTransactionMode} mode
 * @param {(...stores: IDBObjectStore[]) => IDBRequest<T> | (() => T) | void} work
 * @param {IDBTransactionDurability} [durability]
 * @returns {Promise<T>}
 */
async function inTransaction(stores, mode, work, durability = "default") {
  const db = await open();
  if (mode === "readwrite" && db.version !== VERSION && durability === "strict") throw new Error("storage");
  return new Promise((resolve, reject) => {
    const fail = (/** @type {unknown} */ error) => reject(new Error(reasonOf(error)));
    try {
      const transaction = db.transaction(stores, mode, { durability });
      /** @type {any} */
      let outcome;
      transaction.onabort = () => fail(transaction.error);
      transaction.oncomplete = () => resolve(outcome instanceof IDBRequest ? outcome.result : outcome?.());
      outcome = work(...[stores].flat().map((name) => transaction.objectStore(name)));
    } catch (error) {
      fail(error);
    }
  });
}
/** @param {unknown} error */
function reasonOf(error) {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  if (name === "ConstraintError") return "taken";
  return name === "QuotaExceededError" ? "full" : "storage";
}

// --- Settings. A search of the tablet's files finds no desk, name or list in clear text; it is no protection. ---
/** @param {Uint8Array} bytes */
const obfuscate = (bytes) => bytes.map((byte) => byte ^ 0xa5);
/** @param {unknown} value */
export const encode = (value) => obfuscate(new TextEncoder().encode(JSON.stringify(value)));
/** @param {Uint8Array | undefined} stored */
export const decode = (stored) => (stored === undefined ? undefined : JSON.parse(new TextDecoder().decode(obfuscate(stored))));
/**
 * @template {keyof Settings} K
 * @param {K} key
 * @returns {Promise<Settings[K] | undefined>}
 */
const get = async (key) => decode(await inTransaction("meta", "readonly", (meta) => meta.get(key)));
/**
 * @template {keyof Settings} K
 * @param {K[]} keys
 * @returns {Promise<Partial<Pick<Settings, K>>>}
 */
const many = (keys) =>
  inTransaction("meta", "readonly", (meta) => {
    const requests = keys.map((key) => meta.get(key));
    return () => /** @type {any} */ (Object.fromEntries(keys.map((key, n) => [key, decode(requests[n].result)])));
  });
/**
 * @template {keyof Settings} K
 * @param {K} key
 * @param {Settings[K] | undefined} value
 */
const set = (key, value) => update(key, () => value);
/**
 * @template {keyof Settings} K
 * @param {K} key
 * @param {(value: Settings[K] | undefined) => Settings[K] | undefined} change
 * @returns {Promise<Settings[K] | undefined>}
 */
const update = (key, change) => inTransaction("meta", "readwrite", (meta) => updateIn(meta, key, change));
/**
 * @template {keyof Settings} K
 * @param {IDBObjectStore} meta
 * @param {K} key
 * @param {(value: Settings[K] | undefined) => Settings[K] | undefined} change
 */
function updateIn(meta, key, change) {
  const request = meta.get(key);
  /** @type {Settings[K] | undefined} */
  let value;
  request.onsuccess = () => {
    value = change(decode(request.result));
    if (value === undefined) meta.delete(key);
    else meta.put(encode(value), key);
  };
  return () => value;
}

// --- Who is on duty: all of it is stored, or nothing. Coming back resumes the same shift, unless it was another day's. ---
const LONGEST_SHIFT = 57_600_000;
/**
 * @param {Person} person
 * @param {boolean} isSignedIn whether the server began a session
 */
async function arrive({ account, role }, isSignedIn) {
  const since = Date.now();
  const isSame = (/** @type {Shift | undefined} */ shift) => shift && shift.account === account && since - shift.since < LONGEST_SHIFT;
  await inTransaction("meta", "readwrite", (meta) => {
    updateIn(meta, "person", () => ({ account, role }));
    updateIn(meta, "shift", (shift) => (isSame(shift) ? shift : { account, since, saved: 0, persons: 0, voided: 0 }));
    if (isSignedIn) updateIn(meta, "session", () => account);
    updateIn(meta, "tries", () => ({ n: 0 }));
    updateIn(meta, "touched", () => since);
    updateIn(meta, "locked", () => false);
  });
  announceChange();
}
const next = async () => Number(await update("sequence", (last) => (last || 0) + 1));

// --- The outbox. A record that is there is never overwritten, and counts as saved only when it was read back. ---
/** @param {Entry} entry */
async function put(entry) {
  const day = await today(entry.saved_at);
  await inTransaction(
    ["outbox", "day", "meta"],
    "readwrite",
    (outbox, days, meta) => {
      outbox.add(entry);
      if (entry.kind === "void") mark(days, String(entry.about), { state: "void" });
      else days.add({ id: entry.id, at: entry.saved_at, n: entry.n, kind: entry.kind, state: "waiting", day });
      updateIn(meta, "saved", (saved) => (saved || 0) + 1);
      updateIn(meta, "shift", (shift) => countIn(shift, entry));
    },
    "strict",
  );
  /** @type {Entry | undefined} */
  const stored = await inTransaction("outbox", "readonly", (outbox) => outbox.get(entry.id));
  if (stored?.sealed !== entry.sealed) throw new Error("storage");
  announceChange();
  return stored;
}
/**
 * @param {Shift | undefined} shift
 * @param {Entry} entry
 */
function countIn(shift, entry) {
  if (!shift) return shift;
  if (entry.kind === "void") return { ...shift, voided: shift.voided + 1 };
  if (entry.kind !== "consultation") return shift;
  return { ...shift, saved: shift.saved + 1, persons: shift.persons + entry.n };
}
/**
 * The entries in the order in which they were saved.
 * @param {number} [most]
 * @param {number} [after]
 * @returns {Promise<Entry[]>}
 */
const list = (most, after = 0) =>
  inTransaction("outbox", "readonly", (outbox) => outbox.index("place").getAll(IDBKeyRange.lowerBound(after, true), most));
const waiting = () => inTransaction("outbox", "readonly", (outbox) => outbox.count());
const oldest = async () => (await list(1))[0] || null;
/**
 * @param {string[]} ids
 * @param {Record<string, string>} [states]
 */
async function remove(ids, states = {}) {
  await inTransaction(["outbox", "day"], "readwrite", (outbox, days) => {
    for (const id of ids) {
      outbox.delete(id);
      mark(days, id, { state: states[id] || "sent" });
    }
  });
  announceChange();
}

// --- Today's list, by the desk's own day. ---
async function today(at = Date.now()) {
  const { device, contact } = await many(["device", "contact"]);
  const moment = at + (contact?.offset || 0);
  return new Intl.DateTimeFormat("en-CA", { timeZone: device?.desk?.time_zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(
    moment,
  );
}
/** @returns {Promise<DayLine[]>} */
async function day() {
  const current = await today();
  /** @type {DayLine[]} */
  const lines = await inTransaction("day", "readonly", (days) => days.getAll());
  return lines.filter((line) => line.day === current).sort((a, b) => a.at - b.at);
}
/**
 * @param {IDBObjectStore} days
 * @param {string} id
 * @param {{ state?: string }} change
 */
function mark(days, id, change) {
  const request = days.get(id);
  request.onsuccess = () => {
    const line = request.result;
    // What was voided here stays so, whatever becomes of the record itself.
    if (line) days.put({ ...line, ...change, state: line.state === "void" ? "void" : change.state || line.state });
  };
}
/**
 * @param {string} id
 * @param {{ state?: string }} change
 */
async function markDay(id, change) {
  await inTransaction("day", "readwrite", (days) => mark(days, id, change));
  announceChange();
}
/** Once a day is enough, and a long list is not read again at every attempt to send. */
async function prune() {
  const current = await today();
  if ((await get("pruned")) === current) return;
  await inTransaction("day", "readwrite", (days) => {
    const request = days.getAll();
    request.onsuccess = () => {
      for (const line of request.result) if (line.day !== current && line.state !== "waiting") days.delete(line.id);
    };
  });
  await set("pruned", current);
}

// --- Reports to every page and the worker that something changed. ---
const channel = new BroadcastChannel("ventanilla");
export const announceChange = () => channel.postMessage({ changed: true });

/**
 * What is sent of an entry.
 * @param {Entry} entry
 */
export const envelope = ({ id, key, format, sealed }) => ({ id, key, format, sealed });
export const store = { get, many, set, update, arrive, next, put, list, waiting, oldest, remove, today, day, markDay, prune };
