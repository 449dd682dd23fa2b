// @ts-check
// The lock page: who takes over the tablet, and the PIN; checked by the server, or without a network by the tablet.
import { all, byId, element, fillText, query } from "../lib/dom.js";
import { fromBase64 } from "../lib/encoding.js";
import { store } from "./store.js";

/** @import { Colleague, Person } from "./store.js" */

const DIGITS = 6;
const TRIES = 5;
const ANSWER_WITHIN = 2500;
const FORGET_AFTER = 30_000;
const END_SESSION_EVERY = 30_000;
/** @type {Record<string, string>} */
const KEYS = { Backspace: "back", Escape: "other" };

/**
 * Ten bits of the PIN's hash: enough to refuse a guess, too few to find the PIN by them.
 * @param {string} salt
 * @param {string} pin
 */
export async function pinCheck(salt, pin) {
  const typed = Uint8Array.from(pin, (character) => character.charCodeAt(0));
  const [first, second] = new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.of(...fromBase64(salt), ...typed)));
  return (first << 2) | (second >> 6);
}

/**
 * @param {HTMLElement} page
 * @param {BroadcastChannel} channel
 */
export function startLockPage(page, channel) {
  const html = document.documentElement;
  const part = (/** @type {string} */ name) => query(`[data-${name}]`, HTMLElement, page);
  const step = (/** @type {string} */ name) => query(`[data-step="${name}"]`, HTMLElement, page);
  /** @type {Colleague} */
  let chosen;
  let pin = "";
  let isBusy = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let forgetting;
  /** @type {Promise<void> | null} */
  let endingSession = null;

  part("dots").append(...Array.from({ length: DIGITS }, () => element("span")));
  const report = (/** @type {string | undefined} */ text) => {
    part("result").textContent = text || "";
  };
  /** @param {string} name */
  function showStep(name) {
    for (const other of ["people", "pin"]) step(other).hidden = other !== name;
    pin = "";
    drawPin();
  }
  async function drawPeople() {
    const { people, person } = await store.many(["people", "person"]);
    const colleagues = people || [];
    part("nobody").hidden = colleagues.length > 0;
    part("people").replaceChildren(
      ...colleagues.map((colleague) => {
        const button = element("button", { type: "button", className: "person", textContent: colleague.account, value: colleague.account });
        if (person?.account === colleague.account) button.setAttribute("aria-current", "true");
        button.addEventListener("click", () => choose(colleague));
        return button;
      }),
    );
    return person && colleagues.find((colleague) => colleague.account === person.account);
  }
  /** @param {Colleague} colleague */
  function choose(colleague) {
    report("");
    if (colleague.check === null) {
      report(fillText(page.dataset.without, { name: colleague.account }));
      part("password").focus();
      return;
    }
    chosen = colleague;
    showStep("pin");
    const title = byId("pin-title", HTMLElement);
    title.textContent = fillText(page.dataset.pinOf, { name: colleague.account });
    title.tabIndex = -1;
    title.focus();
  }
  function drawPin() {
    [...part("dots").children].forEach((dot, n) => {
      dot.classList.toggle("typed", n < pin.length);
    });
    part("count").textContent = fillText(page.dataset.typed, { n: pin.length });
    clearTimeout(forgetting);
    if (pin) {
      forgetting = setTimeout(() => {
        pin = "";
        drawPin();
      }, FORGET_AFTER);
    }
  }
  /** @param {string} key */
  function press(key) {
    if (isBusy) return;
    if (key === "other") {
      report("");
      showStep("people");
      return;
    }
    if (key === "back") pin = pin.slice(0, -1);
    else if (pin.length < DIGITS) pin += key;
    drawPin();
    if (pin.length < DIGITS) return;
    tryPin(pin)
      .catch(() => report(page.dataset.broken))
      .finally(() => {
        isBusy = false;
        pin = "";
        drawPin();
      });
  }
  document.addEventListener("keydown", (event) => {
    if (step("pin").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = /^\d$/.test(event.key) ? event.key : KEYS[event.key];
    if (!key) return;
    event.preventDefault();
    press(key);
  });
  step("pin").addEventListener("click", (event) => {
    const key = event.target instanceof Element && event.target.closest("button");
    if (key) press(key.value);
  });

  // --- Asking the server: null if nobody answered in its own format. ---
  /**
   * @param {string} path
   * @param {unknown} content
   * @returns {Promise<{ status: number, answer: any } | null>}
   */
  async function askAsTablet(path, content) {
    const device = await store.get("device");
    if (!device) return null;
    try {
      const response = await fetch(path, {
        method: "POST",
        redirect: "manual",
        cache: "no-store",
        signal: AbortSignal.timeout(ANSWER_WITHIN),
        headers: { "Content-Type": "application/json", Accept: "application/json", Authorization: `Device ${device.credential}` },
        body: JSON.stringify(content),
      });
      const answer = await response.json();
      return answer && typeof answer === "object" ? { status: response.status, answer } : null;
    } catch {
      return null; // no network, or a network that answers itself: the tablet decides alone
    }
  }

  // --- With the network the server decides, and begins the person's session; without it the tablet compares ten bits. ---
  /** @param {string} typed */
  async function tryPin(typed) {
    isBusy = true;
    report("");
    await endingSession;
    const got = await askAsTablet("/sync/switch", { account: chosen.account, pin: typed });
    if (!got) return tryHere(typed);
    const { status, answer } = got;
    if (status === 200 && answer.account === chosen.account) return unlock(answer, true);
    if (status === 401 && answer.device) return refuseTablet();
    if (status === 401 && Number.isInteger(answer.left)) return refusePin(answer.left);
    return status === 429 ? report(page.dataset.wait) : tryHere(typed);
  }
  /** @param {number} left */
  function refusePin(left) {
    report(left ? fillText(page.dataset.wrong, { n: left }) : page.dataset.last);
  }
  /** @param {string} typed */
  async function tryHere(typed) {
    const device = await store.get("device");
    if (!device || device.state === "refused") return refuseTablet();
    // Counted before it is checked: closing the page in between does not give a free try.
    const tries = await store.update("tries", (last) => ({ n: Math.min((last?.n || 0) + 1, TRIES + 1) }));
    const n = tries?.n || 0;
    if (n > TRIES) return report(page.dataset.closed);
    if ((await pinCheck(chosen.salt, typed)) === chosen.check) return unlock({ account: chosen.account, role: "desk_staff" }, false);
    return n === TRIES ? report(page.dataset.closed) : refusePin(TRIES - n);
  }
  async function refuseTablet() {
    await store.update("device", (mine) => mine && { ...mine, state: "refused" });
    report(page.dataset.refused);
  }
  /**
   * @param {Person} person
   * @param {boolean} isOnline
   */
  async function unlock(person, isOnline) {
    await store.arrive(person, isOnline);
    // This page also stands at the address of a server's page whose session was somebody else's.
    if (isOnline && location.pathname !== "/lock") location.reload();
    else location.replace(String(part("record").getAttribute("href")));
  }

  // The sign-in page is the server's: if nobody answers, this page stays.
  const password = query("a[data-password]", HTMLAnchorElement, page);
  password.addEventListener("click", async (event) => {
    event.preventDefault();
    report("");
    startEndingSession(); // otherwise the server takes the former person's session for the answer
    await endingSession;
    const options = { cache: /** @type {RequestCache} */ ("no-store"), redirect: /** @type {RequestRedirect} */ ("error") };
    const isReachable = await fetch("/healthz", { ...options, signal: AbortSignal.timeout(ANSWER_WITHIN) }).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isReachable) location.assign(password.href);
    else report(page.dataset.network);
  });

  // --- The session of the former person ends as soon as the server can be reached. ---
  async function endSession() {
    const { session, person, locked } = await store.many(["session", "person", "locked"]);
    if (session === "" || (!locked && person && session === person.account)) return;
    const got = await askAsTablet("/sync/lock", {});
    if (got?.status === 200) await store.update("session", (now) => (now === session ? "" : now));
  }
  function startEndingSession() {
    if (isBusy) return;
    endingSession = endSession()
      .catch(() => {
        // The storage fails: the next round tries again.
      })
      .finally(() => {
        endingSession = null;
      });
  }

  async function drawShift() {
    const { shift, person } = await store.many(["shift", "person"]);
    if (!person) return;
    /** @type {Record<string, unknown>} */
    const values = { ...shift, account: person.account, waiting: await store.waiting() };
    for (const fact of all("[data-fact]", page)) {
      const value = values[String(fact.dataset.fact)];
      fact.textContent = typeof value === "number" ? value.toLocaleString(html.lang) : /** @type {string} */ (value);
    }
    part("shift").hidden = false;
  }
  async function start() {
    const isHandOver = location.hash === "#shift";
    if (location.pathname === "/lock") await store.set("locked", true);
    const { device, locked, person, tries } = await store.many(["device", "locked", "person", "tries"]);
    const known = await drawPeople();
    part("record").hidden = Boolean(locked || !person);
    if (isHandOver) await drawShift();
    else if (known && known.check !== null) choose(known);
    if (tries && tries.n >= TRIES) report(page.dataset.closed);
    if (device?.state === "refused") report(page.dataset.refused);
    channel.addEventListener("message", () => {
      const keepDrawn = () => {
        // What cannot be read again stays as it is drawn.
      };
      if (!step("people").hidden) drawPeople().catch(keepDrawn);
      if (!part("shift").hidden) drawShift().catch(keepDrawn);
    });
    self.addEventListener("online", startEndingSession);
    setInterval(startEndingSession, END_SESSION_EVERY);
    startEndingSession();
  }
  start().catch(() => report(page.dataset.broken));
}
