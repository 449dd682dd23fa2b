// What the tablet keeps: the outbox of sealed records, today's list (time, persons, state) and a few settings.
// Used by pages and by the worker alike.
"use strict";
(() => {
  const ventanilla = (self.ventanilla ||= {});
  const NAME = "ventanilla", VERSION = 1;
  let opened = null;

  // --- Opening: one connection, given up when a newer version of the app wants to change the stores. ---
  function open() {
    opened ||= connect(VERSION).catch((error) => {
      // A newer app ran here before, or the stores could not be brought up to date: what waits may still leave, but nothing is added.
      if (error && ["VersionError", "AbortError"].includes(error.name)) return connect();
      throw error;
    }).catch(() => { opened = null; throw new Error("storage"); });
    return opened;
  }
  function connect(version) {
    return new Promise((resolve, reject) => {
      const asked = indexedDB.open(NAME, version);
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore("outbox", { keyPath: "id" }).createIndex("place", "place");
        asked.result.createObjectStore("meta");
        asked.result.createObjectStore("day", { keyPath: "id" });
      };
      asked.onerror = () => reject(asked.error);
      asked.onsuccess = () => {
        const db = asked.result;
        db.onversionchange = () => { db.close(); opened = null; };
        db.onclose = () => { opened = null; };
        resolve(db);
      };
    });
  }
  // Runs `work` in one transaction; what it returns is called (or its result read) when all of it is kept.
  async function inside(stores, mode, work, durability = "default") {
    const db = await open();
    if (mode === "readwrite" && db.version !== VERSION && durability === "strict") throw new Error("storage");
    return new Promise((resolve, reject) => {
      const failed = (error) => reject(new Error(reasonOf(error)));
      let made;
      try {
        const tx = db.transaction(stores, mode, { durability });
        tx.onabort = () => failed(tx.error);
        tx.oncomplete = () => resolve(made instanceof IDBRequest ? made.result : made && made());
        made = work(...[stores].flat().map((name) => tx.objectStore(name)));
      } catch (error) { failed(error); }
    });
  }
  function reasonOf(error) {
    const name = error ? error.name : "";
    if (name === "ConstraintError") return "taken";
    return name === "QuotaExceededError" ? "full" : "storage";
  }

  // --- Settings. Whoever searches the tablet's files finds no desk, name or list in clear; it is no protection. ---
  const veil = (bytes) => bytes.map((byte) => byte ^ 0xa5);
  const fold = (value) => veil(new TextEncoder().encode(JSON.stringify(value)));
  const unfold = (kept) => (kept === undefined ? undefined : JSON.parse(new TextDecoder().decode(veil(kept))));
  const get = async (key) => unfold(await inside("meta", "readonly", (meta) => meta.get(key)));
  async function many(keys) {
    return inside("meta", "readonly", (meta) => {
      const asked = keys.map((key) => meta.get(key));
      return () => Object.fromEntries(keys.map((key, n) => [key, unfold(asked[n].result)]));
    });
  }
  const set = (key, value) => update(key, () => value);
  const update = (key, change) => inside("meta", "readwrite", (meta) => changing(meta, key, change));
  function changing(meta, key, change) {
    const asked = meta.get(key);
    let value;
    asked.onsuccess = () => {
      value = change(unfold(asked.result));
      if (value === undefined) meta.delete(key); else meta.put(fold(value), key);
    };
    return () => value;
  }

  // --- Who is on duty: all of it is noted, or nothing. Coming back goes on with the same shift, unless it was another day's. ---
  const LONGEST_SHIFT = 57600000;
  function arrive({ account, role }, isSignedIn) {
    const since = Date.now();
    const isSame = (shift) => shift && shift.account === account && since - shift.since < LONGEST_SHIFT;
    return inside("meta", "readwrite", (meta) => {
      changing(meta, "person", () => ({ account, role }));
      changing(meta, "shift", (shift) => (isSame(shift) ? shift : { account, since, saved: 0, persons: 0, voided: 0 }));
      if (isSignedIn) changing(meta, "session", () => account);
      changing(meta, "tries", () => ({ n: 0 }));
      changing(meta, "touched", () => since);
      changing(meta, "locked", () => false);
    }).then(changed);
  }
  const next = () => update("sequence", (last) => (last || 0) + 1);

  // --- The outbox. A record that is there is never written over, and counts as kept only when it was read back. ---
  async function put(entry) {
    const day = await today(entry.saved_at);
    await inside(["outbox", "day", "meta"], "readwrite", (outbox, days, meta) => {
      outbox.add(entry);
      if (entry.kind === "void") mark(days, entry.about, { state: "void" });
      else days.add({ id: entry.id, at: entry.saved_at, n: entry.n, kind: entry.kind, state: "waiting", day });
      changing(meta, "saved", (saved) => (saved || 0) + 1);
      changing(meta, "shift", (shift) => counted(shift, entry));
    }, "strict");
    const kept = await inside("outbox", "readonly", (outbox) => outbox.get(entry.id));
    if (!kept || kept.sealed !== entry.sealed) throw new Error("storage");
    changed();
    return kept;
  }
  function counted(shift, entry) {
    if (!shift) return shift;
    if (entry.kind === "void") return { ...shift, voided: shift.voided + 1 };
    if (entry.kind !== "consultation") return shift;
    return { ...shift, saved: shift.saved + 1, persons: shift.persons + entry.n };
  }
  const list = (most, after = 0) => inside("outbox", "readonly", (outbox) => outbox.index("place").getAll(IDBKeyRange.lowerBound(after, true), most));
  const waiting = () => inside("outbox", "readonly", (outbox) => outbox.count());
  const oldest = async () => (await list(1))[0] || null;
  const remove = (ids, states = {}) => inside(["outbox", "day"], "readwrite", (outbox, days) => {
    ids.forEach((id) => {
      outbox.delete(id);
      mark(days, id, { state: states[id] || "sent" });
    });
  }).then(changed);

  // --- Today's list, by the desk's own day. ---
  async function today(at = Date.now()) {
    const { device, contact } = await many(["device", "contact"]);
    const timeZone = device && device.desk ? device.desk.time_zone : undefined;
    const moment = at + ((contact && contact.offset) || 0);
    return new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).format(moment);
  }
  async function day() {
    const here = await today();
    const all = await inside("day", "readonly", (days) => days.getAll());
    return all.filter((one) => one.day === here).sort((a, b) => a.at - b.at);
  }
  function mark(days, id, facts) {
    const asked = days.get(id);
    asked.onsuccess = () => {
      const one = asked.result;
      // What was voided here stays so, whatever becomes of the record itself.
      if (one) days.put({ ...one, ...facts, state: one.state === "void" ? "void" : facts.state || one.state });
    };
  }
  const markDay = (id, facts) => inside("day", "readwrite", (days) => mark(days, id, facts)).then(changed);
  // Once a day is enough, and a long list is not read again at every attempt to send.
  async function prune() {
    const here = await today();
    if (await get("pruned") === here) return;
    await inside("day", "readwrite", (days) => {
      const asked = days.getAll();
      asked.onsuccess = () => asked.result.forEach((one) => { if (one.day !== here && one.state !== "waiting") days.delete(one.id); });
    });
    await set("pruned", here);
  }

  // --- Tells every page and the worker that something changed. ---
  const channel = new BroadcastChannel("ventanilla");
  const changed = () => channel.postMessage({ changed: true });

  ventanilla.changed = changed;
  ventanilla.envelope = ({ id, key, format, sealed }) => ({ id, key, format, sealed });
  ventanilla.store = { get, many, set, update, arrive, next, put, list, waiting, oldest, remove, today, day, markDay, prune };
})();
