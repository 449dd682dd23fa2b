// Sends what waits, in the order it was saved, one sender at a time among all pages and the worker.
// A record leaves only on a receipt for itself; whatever else comes back, it stays.
"use strict";
(() => {
  const ventanilla = (self.ventanilla ||= {});
  const store = ventanilla.store;
  const MOST = 50, MOST_BYTES = 100000, PATIENCE = 60000;
  const FIRST_WAIT = 2000, LONGEST_WAIT = 60000, LONGEST_PAUSE = 3600000, FRESH = 60000;
  const SENT = { created: "sent", duplicate: "sent", conflict: "mend", quarantined: "mend" };
  const isPage = typeof document !== "undefined";
  let wait = 0, notBefore = 0, timer = 0;

  // --- The run: `told` says in one word what came of it, `wait` in how many ms it is tried again by itself. ---
  async function poke(reason = "") {
    try {
      return await alone(reason, () => run(reason));
    } catch (error) {
      return { sent: 0, waiting: await store.waiting().catch(() => 0), told: "full" };
    }
  }
  function alone(reason, work) {
    if (!navigator.locks) return work();
    // The worker waits for its turn: what woke it does not come again.
    const how = { ifAvailable: reason !== "sync" };
    return navigator.locks.request("ventanilla-sender", how, (lock) => (lock ? work() : answer(0, "busy")));
  }
  const answer = async (sent, told) => ({ sent, waiting: await store.waiting(), told });
  async function run(reason) {
    const { device, retry } = await store.many(["device", "retry"]);
    if (!device) return answer(0, "nothing");
    if (device.state !== "enrolled") return answer(0, "refused");
    if (isPaused(retry) || (reason === "timer" && Date.now() < notBefore)) return later(await answer(0, "busy"));
    const done = await drainAll(device, reason);
    const told = done.told || (done.sent ? "sent" : "nothing");
    if (done.told) await lost(done.told);
    await store.prune();
    return later(await answer(done.sent, told));
  }
  async function drainAll(device, reason) {
    let sent = 0, at = { after: 0, told: "" };
    do {
      at = await drain(device, at.after);
      sent += at.sent;
      if (!at.told) at.told = await contactIfDue(device, reason, sent);
    } while (!at.told && (await store.list(1, at.after)).length);
    return { sent, told: at.told || at.stuck };
  }
  async function drain(device, from) {
    let after = from, sent = 0, most = MOST, stuck = "";
    for (;;) {
      const batch = fitting(await store.list(most, after));
      if (!batch.length) return { after, sent, told: "", stuck };
      const { gone, told, tooMuch } = await send(device, batch);
      sent += gone;
      if (tooMuch && batch.length > 1) { most = Math.floor(batch.length / 2); continue; }
      if (told && !tooMuch) return { after, sent, told, stuck };
      if (tooMuch) { stuck = "full"; most = MOST; }
      after = batch[batch.length - 1].place;
    }
  }
  function fitting(entries) {
    let bytes = 0;
    return entries.filter((entry, n) => {
      bytes += entry.sealed.length + 150;
      return n === 0 || bytes <= MOST_BYTES;
    });
  }

  // --- One batch: what the answer proves, and nothing more. ---
  async function send(device, batch) {
    const { answer: got, told } = await ask("/sync/envelopes", device, { envelopes: batch.map(ventanilla.envelope) });
    if (told) return { gone: 0, told, tooMuch: told === "full" };
    const states = receipts(batch, got);
    const ids = Object.keys(states);
    if (!ids.length) return { gone: 0, told: "portal" };
    await store.remove(ids, states);
    wait = notBefore = 0;
    return { gone: ids.length, told: "" };
  }
  function receipts(batch, got) {
    const results = Array.isArray(got.results) ? got.results : [];
    const states = {};
    batch.forEach((entry) => {
      const own = results.find((one) => one && one.id === entry.id && Object.hasOwn(SENT, one.result));
      if (own && own.receipt === entry.receipt) states[entry.id] = SENT[own.result];
    });
    return states;
  }
  async function ask(path, device, content) {
    let got;
    try {
      got = await fetch(path, {
        method: "POST", redirect: "manual", credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(PATIENCE),
        headers: { "Content-Type": "application/json", Accept: "application/json", Authorization: `Device ${device.credential}` },
        body: JSON.stringify(content),
      });
    } catch (error) { return { told: "offline" }; }
    const said = await got.json().catch(() => null);
    if (got.status === 200 && said && typeof said === "object") return { answer: said, told: "" };
    return { told: await trouble(got, said) };
  }
  async function trouble(got, said) {
    if (got.status === 401 && said && said.device) {
      await store.update("device", (mine) => mine && { ...mine, state: "refused" });
      return "refused";
    }
    if (got.status === 413) return "full";
    if (got.status !== 429 && got.status < 500) return "portal";
    await pause(got.headers.get("Retry-After"));
    return "busy";
  }

  // --- Waiting: as long as the server says, else longer each time. ---
  async function pause(text) {
    if (!text) return;
    const asked = /^\d+$/.test(text.trim()) ? text * 1000 : Date.parse(text) - Date.now();
    const ms = Math.min(Math.max(asked || 0, 0), LONGEST_PAUSE);
    if (ms) await store.set("retry", { until: Date.now() + ms, wait: ms });
  }
  // A clock that was set back must not make the pause longer than the server asked.
  function isPaused(retry) {
    const left = retry ? retry.until - Date.now() : 0;
    return left > 0 && left <= retry.wait;
  }
  async function lost(told) {
    wait = Math.min(Math.max(wait * 2, FIRST_WAIT), LONGEST_WAIT);
    notBefore = Date.now() + Math.random() * wait;
    await store.update("contact", (last) => ({ ...last, ok: told === "full" && Boolean(last && last.ok) }));
    ventanilla.changed();
  }
  async function later(done) {
    clearTimeout(timer);
    if (!done.waiting || done.told === "refused") return done;
    const next = await untilNext();
    if (isPage) timer = setTimeout(() => poke("timer"), next);
    await wake();
    return { ...done, wait: next };
  }
  async function untilNext() {
    const retry = await store.get("retry");
    const paused = isPaused(retry) ? retry.until - Date.now() + Math.random() * FIRST_WAIT : 0;
    return Math.max(paused, notBefore - Date.now(), 250);
  }
  // Asks the browser to wake the worker when there is a network; the name is new each time, a used one sleeps for minutes.
  async function wake() {
    if (!isPage) return;
    const own = navigator.serviceWorker && await navigator.serviceWorker.getRegistration().catch(() => null);
    if (!own || !own.sync || own.waiting) return; // a worker that is kept awake never gives way to its successor
    const asked = await own.sync.getTags().catch(() => []);
    if (asked.length < 2) await own.sync.register(`send-${Date.now()}`).catch(() => {});
  }

  // --- Contact: tells how much waits, learns the current key, lists and people. ---
  async function contactIfDue(device, reason, sent) {
    const last = await store.get("contact");
    // What was to be mended may be mended by now, on this tablet or at the supervisor's.
    const fresh = last && last.ok && !last.to_mend && Math.abs(Date.now() - last.at) < FRESH;
    if (fresh && !sent && reason !== "chip") return "";
    return contact(device);
  }
  async function contact(known) {
    const device = known || await store.get("device");
    if (!device) return "nothing";
    const [waiting, first, { saved, version }] = [await store.waiting(), await store.oldest(), await store.many(["saved", "version"])];
    const storage = navigator.storage;
    const persisted = Boolean(storage && storage.persisted && await storage.persisted());
    const began = Date.now();
    const { answer: got, told } = await ask("/sync/contact", device, {
      waiting, oldest_at: first && new Date(first.saved_at).toISOString(), saved: saved || 0, version: version || "", persisted,
    });
    if (told) return told;
    if (!isWhole(got)) return "portal";
    await learn(device, got, (began + Date.now()) / 2);
    return "";
  }
  function isWhole(got) {
    const [key] = Array.isArray(got.keys) ? got.keys : [];
    return Boolean(key && key.id && key.public && got.lists && got.lists.desk && Number.isFinite(Date.parse(got.now)));
  }
  async function learn(device, got, at) {
    await store.update("device", (mine) => (mine && mine.device === device.device
      ? { ...mine, desk: got.lists.desk, keys: got.keys, lists: got.lists, state: "enrolled" } : mine));
    if (Array.isArray(got.people)) await store.set("people", got.people);
    await store.set("contact", { at: Date.now(), offset: Math.round(Date.parse(got.now) - at), to_mend: got.to_mend || 0, ok: true });
    await store.set("retry", undefined);
    wait = notBefore = 0;
    ventanilla.changed();
    if (isPage && navigator.serviceWorker && navigator.serviceWorker.controller) navigator.serviceWorker.controller.postMessage({ shells: true });
  }

  ventanilla.sender = { poke, wake, contact: () => contact() };
})();
