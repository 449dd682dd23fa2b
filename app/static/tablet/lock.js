// On an enrolled tablet: locks itself after minutes without a touch, hands the shift over, lets the next person in with a PIN.
"use strict";
(() => {
  const ventanilla = self.ventanilla;
  if (ventanilla.lock) return;
  const { store } = ventanilla;
  const html = document.documentElement;
  const page = document.getElementById("lock");
  const channel = new BroadcastChannel("ventanilla");
  const IDLE_SECONDS = 300, DIGITS = 6, TRIES = 5, PATIENCE = 2500, FORGET = 30000, AGAIN = 30000;

  // --- Locking: what stands on the page goes first, then the page itself. ---
  let leaving = false;
  async function lock(hash = "") {
    if (leaving) return;
    leaving = true;
    document.body.replaceChildren();
    await store.set("locked", true).catch(() => {});
    channel.postMessage({ changed: true, locked: true });
    location.replace(`/lock${hash}`);
  }
  function leave() {
    if (leaving) return;
    leaving = true;
    document.body.replaceChildren();
    location.replace("/lock");
  }
  // A page that a person or the tablet sees; those that lead to a session hold nothing.
  const isFree = Boolean(page) || /^\/(sign-in|enrol|offline|invitations\/)/.test(location.pathname);
  const isOwn = !isFree && Boolean(html.dataset.account || html.dataset.shell);

  // --- Minutes without a touch, counted over all pages of the tablet. ---
  async function watch() {
    if (await store.get("locked")) { leave(); return; }
    await ventanilla.ready;  // a page drawn for a person has said by then who it is
    const { idle, touched, person } = await store.many(["idle", "touched", "person"]);
    if (!person) { leave(); return; }
    const most = 1000 * (idle || Number(html.dataset.idleSeconds) || IDLE_SECONDS);
    let seen = touched || Date.now(), kept = seen;
    const isOver = (at) => Date.now() - at >= most;
    const touch = () => {
      // A touch that comes too late does not wake what should be locked.
      if (isOver(seen)) { check(); return; }
      seen = Date.now();
      if (Math.abs(seen - kept) > Math.min(5000, most / 4)) { kept = seen; store.set("touched", seen).catch(() => {}); }
    };
    async function check() {
      // A clock that was set back must not make the wait longer.
      if (seen > Date.now()) seen = Date.now();
      if (!isOver(seen)) return;
      seen = Math.min(Math.max(seen, (await store.get("touched")) || 0), Date.now());
      if (isOver(seen)) lock();
    }
    await check();
    ["pointerdown", "keydown", "input", "scroll"].forEach((name) => document.addEventListener(name, touch, { capture: true, passive: true }));
    document.addEventListener("visibilitychange", check);
    setInterval(check, Math.min(1000, most / 4));
    touch();
  }
  // The browser may bring a page back as it was: it is not shown before the lock was asked.
  self.addEventListener("pageshow", async (event) => {
    if (!event.persisted || !isOwn) return;
    html.hidden = true;
    const { locked, person } = await store.many(["locked", "person"]);
    if (leaving || locked || !person || (html.dataset.account && html.dataset.account !== person.account)) location.replace("/lock");
    else html.hidden = false;
  });

  ventanilla.lock = { now: lock, handOver: () => lock("#shift") };
  channel.addEventListener("message", (event) => { if (event.data && event.data.locked && isOwn) leave(); });
  document.querySelectorAll("[data-hand-over]").forEach((button) => {
    button.hidden = Boolean(page);
    button.addEventListener("click", ventanilla.lock.handOver);
  });
  if (isOwn) watch().catch(() => {});
  if (!page) return;

  // --- The lock page: who, and the PIN. ---
  const part = (name) => page.querySelector(`[data-${name}]`);
  const step = (name) => page.querySelector(`[data-step="${name}"]`);
  const filled = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => facts[name]);
  let chosen = null, pin = "", busy = false, forgetting = 0, ending = null;

  part("dots").append(...Array.from({ length: DIGITS }, () => document.createElement("span")));
  const tell = (text) => { part("told").textContent = text; };
  function show(name) {
    ["people", "pin"].forEach((one) => { step(one).hidden = one !== name; });
    pin = "";
    drawPin();
  }
  async function drawPeople() {
    const { people, person } = await store.many(["people", "person"]);
    const known = people || [];
    part("nobody").hidden = known.length > 0;
    part("people").replaceChildren(...known.map((one) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "person", textContent: one.account, value: one.account });
      if (person && person.account === one.account) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => choose(one));
      return button;
    }));
    return person && known.find((one) => one.account === person.account);
  }
  function choose(one) {
    tell("");
    if (one.check === null) { tell(filled(page.dataset.without, { name: one.account })); part("password").focus(); return; }
    chosen = one;
    show("pin");
    const title = document.getElementById("pin-title");
    title.textContent = filled(page.dataset.pinOf, { name: one.account });
    title.tabIndex = -1;
    title.focus();
  }
  function drawPin() {
    [...part("dots").children].forEach((dot, n) => dot.classList.toggle("typed", n < pin.length));
    part("count").textContent = filled(page.dataset.typed, { n: pin.length });
    clearTimeout(forgetting);
    if (pin) forgetting = setTimeout(() => { pin = ""; drawPin(); }, FORGET);
  }
  function press(key) {
    if (busy) return;
    if (key === "other") { tell(""); show("people"); return; }
    if (key === "back") pin = pin.slice(0, -1);
    else if (pin.length < DIGITS) pin += key;
    drawPin();
    if (pin.length === DIGITS) tryPin(pin).catch(() => tell(page.dataset.broken)).finally(() => { busy = false; pin = ""; drawPin(); });
  }
  const KEYS = { Backspace: "back", Escape: "other" };
  document.addEventListener("keydown", (event) => {
    if (step("pin").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = /^\d$/.test(event.key) ? event.key : KEYS[event.key];
    if (!key) return;
    event.preventDefault();
    press(key);
  });
  step("pin").addEventListener("click", (event) => {
    const key = event.target.closest("button");
    if (key) press(key.value);
  });

  // --- Asking the server: null where nobody answered in its own words. ---
  async function ask(path, content, headers, patience = PATIENCE) {
    try {
      const answer = await fetch(path, {
        method: "POST", redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(patience),
        headers: { "Content-Type": "application/json", Accept: "application/json", ...headers }, body: JSON.stringify(content),
      });
      const said = await answer.json();
      return said && typeof said === "object" ? { status: answer.status, said } : null;
    } catch (error) { return null; }
  }
  async function askAsTablet(path, content) {
    const device = await store.get("device");
    return device ? ask(path, content, { Authorization: `Device ${device.credential}` }) : null;
  }

  // --- With the network the server decides, and begins the person's session; without it the tablet checks ten bits. ---
  async function tryPin(typed) {
    busy = true;
    tell("");
    await ending;
    const got = await askAsTablet("/sync/switch", { account: chosen.account, pin: typed });
    if (!got) return tryHere(typed);
    if (got.status === 200 && got.said.account === chosen.account) return open(got.said, true);
    if (got.status === 401 && got.said.device) return refused();
    if (got.status === 401 && Number.isInteger(got.said.left)) return wrong(got.said.left);
    return got.status === 429 ? tell(page.dataset.wait) : tryHere(typed);
  }
  function wrong(left) {
    tell(left ? filled(page.dataset.wrong, { n: left }) : page.dataset.last);
  }
  async function tryHere(typed) {
    const device = await store.get("device");
    if (!device || device.state === "refused") return refused();
    // Counted before it is checked: a page that is closed meanwhile gives no try for nothing.
    const { n } = await store.update("tries", (tries) => ({ n: Math.min(((tries && tries.n) || 0) + 1, TRIES + 1) }));
    if (n > TRIES) return tell(page.dataset.closed);
    if ((await bitsOf(chosen.salt, typed)) === chosen.check) return open({ account: chosen.account, role: "desk_staff" }, false);
    return n === TRIES ? tell(page.dataset.closed) : wrong(TRIES - n);
  }
  async function bitsOf(salt, typed) {
    const bytes = (text) => Uint8Array.from(text, (sign) => sign.charCodeAt(0));
    const told = bytes(atob(salt.replaceAll("-", "+").replaceAll("_", "/")));
    const [first, second] = new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.of(...told, ...bytes(typed))));
    return (first << 2) | (second >> 6);
  }
  async function refused() {
    await store.update("device", (mine) => mine && { ...mine, state: "refused" });
    tell(page.dataset.refused);
  }
  async function open(who, online) {
    await store.arrive(who, online);
    // This page also stands at the address of a server's page whose session was somebody else's.
    if (online && location.pathname !== "/lock") location.reload();
    else location.replace(part("record").getAttribute("href"));
  }

  // The sign-in page is the server's: where nobody answers, this page stays.
  part("password").addEventListener("click", async (event) => {
    event.preventDefault();
    tell("");
    ended();  // else the server takes the former person's session for the answer
    await ending;
    const there = await fetch("/healthz", { cache: "no-store", redirect: "error", signal: AbortSignal.timeout(PATIENCE) }).then((answer) => answer.ok, () => false);
    if (there) location.assign(event.target.href);
    else tell(page.dataset.network);
  });

  // --- The session of who was here before ends as soon as the server can be told. ---
  async function endSession() {
    const { session, person, locked } = await store.many(["session", "person", "locked"]);
    if (session === "" || (!locked && person && session === person.account)) return;
    const got = await askAsTablet("/sync/lock", {});
    if (got && got.status === 200) await store.update("session", (now) => (now === session ? "" : now));
  }
  function ended() {
    if (!busy) ending = endSession().catch(() => {}).finally(() => { ending = null; });
  }

  async function drawShift() {
    const { shift, person } = await store.many(["shift", "person"]);
    if (!person) return;
    const said = { ...shift, account: person.account, waiting: await store.waiting() };
    page.querySelectorAll("[data-fact]").forEach((fact) => {
      const value = said[fact.dataset.fact];
      fact.textContent = typeof value === "number" ? value.toLocaleString(html.lang) : value;
    });
    part("shift").hidden = false;
  }
  async function start() {
    const handing = location.hash === "#shift";
    if (location.pathname === "/lock") await store.set("locked", true);
    const { device, locked, person, tries } = await store.many(["device", "locked", "person", "tries"]);
    const known = await drawPeople();
    part("record").hidden = Boolean(locked || !person);
    if (handing) await drawShift();
    else if (known && known.check !== null) choose(known);
    if (tries && tries.n >= TRIES) tell(page.dataset.closed);
    if (device && device.state === "refused") tell(page.dataset.refused);
    channel.addEventListener("message", () => {
      if (!step("people").hidden) drawPeople().catch(() => {});
      if (!part("shift").hidden) drawShift().catch(() => {});
    });
    self.addEventListener("online", ended);
    setInterval(ended, AGAIN);
    ended();
  }
  start().catch(() => tell(page.dataset.broken));
})();
