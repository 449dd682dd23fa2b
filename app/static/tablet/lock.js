// @ts-check
// On an enrolled tablet: locks itself after minutes without a touch, hands the shift over, lets the next person in with a PIN.
import { buttons } from "../lib/dom.js";
import { startLockPage } from "./lock_page.js";
import { ready } from "./page.js";
import { store } from "./store.js";

const html = document.documentElement;
const lockPage = document.getElementById("lock");
const channel = new BroadcastChannel("ventanilla");
const IDLE_SECONDS = 300;

// --- Locking: the content of the page is removed first, then the page itself. ---
let isLeaving = false;
async function lock(hash = "") {
  if (isLeaving) return;
  isLeaving = true;
  document.body.replaceChildren();
  await store.set("locked", true).catch(() => {
    // The lock page sets it again.
  });
  channel.postMessage({ changed: true, locked: true });
  location.replace(`/lock${hash}`);
}
function leave() {
  if (isLeaving) return;
  isLeaving = true;
  document.body.replaceChildren();
  location.replace("/lock");
}
// Pages that lead to a session hold nothing; every other page belongs to a person or to the tablet.
const isFree = Boolean(lockPage) || /^\/(sign-in|enrol|offline|invitations\/)/.test(location.pathname);
const isOwned = !isFree && Boolean(html.dataset.account || html.dataset.shell);

// --- Minutes without a touch, counted over all pages of the tablet. ---
async function watchIdleness() {
  if (await store.get("locked")) {
    leave();
    return;
  }
  await ready; // a page drawn for a person has noted by then who it is
  const { idle, touched, person } = await store.many(["idle", "touched", "person"]);
  if (!person) {
    leave();
    return;
  }
  const limit = 1000 * (idle || Number(html.dataset.idleSeconds) || IDLE_SECONDS);
  let seen = touched || Date.now();
  let stored = seen;
  const isOver = (/** @type {number} */ at) => Date.now() - at >= limit;
  const onTouch = () => {
    // A touch that comes too late does not wake what should be locked.
    if (isOver(seen)) {
      check();
      return;
    }
    seen = Date.now();
    if (Math.abs(seen - stored) > Math.min(5000, limit / 4)) {
      stored = seen;
      store.set("touched", seen).catch(() => {
        // The next touch tries again; at worst it locks earlier.
      });
    }
  };
  async function check() {
    // A clock that was set back must not make the wait longer.
    if (seen > Date.now()) seen = Date.now();
    if (!isOver(seen)) return;
    seen = Math.min(Math.max(seen, (await store.get("touched")) || 0), Date.now());
    if (isOver(seen)) lock();
  }
  await check();
  for (const name of ["pointerdown", "keydown", "input", "scroll"])
    document.addEventListener(name, onTouch, { capture: true, passive: true });
  document.addEventListener("visibilitychange", check);
  setInterval(check, Math.min(1000, limit / 4));
  onTouch();
}
// The browser may restore a page as it was: it is not shown before the lock was checked.
self.addEventListener("pageshow", async (event) => {
  if (!event.persisted || !isOwned) return;
  html.hidden = true;
  const { locked, person } = await store.many(["locked", "person"]);
  if (isLeaving || locked || !person || (html.dataset.account && html.dataset.account !== person.account)) location.replace("/lock");
  else html.hidden = false;
});

channel.addEventListener("message", (event) => {
  if (event.data?.locked && isOwned) leave();
});
for (const button of buttons("[data-hand-over]")) {
  button.hidden = Boolean(lockPage);
  button.addEventListener("click", () => lock("#shift"));
}
if (isOwned)
  watchIdleness().catch(() => {
    // The storage fails: the chip says so, and the worker shows the lock first.
  });
if (lockPage) startLockPage(lockPage, channel);
