// @ts-check
// The open inbox stays up to date: asks every few seconds, shows what changed, rings; without it the page is plain forms.
import { all, byId, inputs, query } from "../lib/dom.js";
import { updateSpans } from "../lib/relative_time.js";
import { ring, startSound } from "./sound.js";
import { restoreTyped, typedState } from "./typed_state.js";

const EVERY = 4000;
const SLOW = 20_000;
const TOAST = 5000;
const UPDATE_TIMES_EVERY = 15_000;
const inbox = () => byId("inbox", HTMLElement);

if (document.getElementById("inbox")) start();

function start() {
  const messages = byId("messages", HTMLElement);
  const toast = byId("toast", HTMLElement);
  document.documentElement.classList.add("inbox-live");

  const clockTime = () => new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  /** @param {boolean} isUpToDate */
  function showLive(isUpToDate) {
    const live = byId("live", HTMLElement);
    const text = ((isUpToDate ? live.dataset.right : live.dataset.wrong) || "").replace("#", clockTime());
    if (isUpToDate || !live.classList.contains("wrong")) live.textContent = text;
    live.classList.toggle("wrong", !isUpToDate);
  }
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let fading;
  /** @param {string | undefined} text */
  function showMessage(text) {
    toast.textContent = text || "";
    toast.hidden = !text;
    messages.textContent = text || "";
    clearTimeout(fading);
    fading = setTimeout(() => {
      toast.hidden = true;
    }, TOAST);
  }

  // --- A new drawing of the page takes the place of the old one; what is being typed and what is open stays. ---
  const waitingIn = (/** @type {HTMLElement} */ root) => (root.dataset.waiting || "").split(" ").filter(Boolean);
  /** @param {Document} page */
  function replace(page) {
    const next = page.getElementById("inbox");
    if (!next) {
      location.reload();
      return;
    }
    const before = new Set(waitingIn(inbox()));
    const state = typedState(inbox());
    inbox().replaceWith(document.importNode(next, true));
    document.title = page.title;
    restoreTyped(inbox(), state);
    afterDrawing();
    if (waitingIn(inbox()).some((id) => !before.has(id))) {
      messages.textContent = messages.dataset.new || "";
      ring();
    }
  }
  async function refresh() {
    const answer = await fetch(String(inbox().dataset.page), { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) {
      location.reload();
      return;
    }
    replace(self.ventanilla.trusted.page(await answer.text()));
  }

  // --- Polling: nothing new costs one short answer. ---
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let isPolling = false;
  async function ask() {
    clearTimeout(timer);
    let wait = document.hidden ? SLOW : EVERY;
    try {
      const headers = { Accept: "application/json", "If-None-Match": `"${inbox().dataset.etag}"` };
      const answer = await fetch("/referrals/inbox", { headers });
      if (answer.status === 401) {
        location.reload();
        return;
      }
      if (answer.ok) await refresh();
      if (!answer.ok && answer.status !== 304) throw new Error(String(answer.status));
      showLive(true);
    } catch {
      // No network or a failing server: the page says since when, and asks less often.
      wait = SLOW;
      showLive(false);
    }
    timer = setTimeout(poll, wait);
  }
  function poll() {
    if (isPolling) return;
    isPolling = true;
    ask().finally(() => {
      isPolling = false;
    });
  }
  const pollIfSeen = () => {
    if (!document.hidden) poll();
  };
  document.addEventListener("visibilitychange", pollIfSeen);
  addEventListener("online", pollIfSeen);

  // --- Sending: every form of the page, without leaving it. ---
  /** @param {Response} response */
  async function problemIn(response) {
    const answer = await response.json().catch(() => ({})); // not JSON: the sentence for a failed connection
    return answer.message || answer.problem || answer.problems?.[0]?.message || messages.dataset.offline;
  }
  /**
   * @param {HTMLFormElement} form
   * @param {HTMLElement | null} button
   */
  async function send(form, button) {
    await marking;
    const body = new FormData(form, button);
    if (form.isConnected) form.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      if (answer.status === 401) {
        location.reload();
        return;
      }
      const problem = answer.ok ? "" : await problemIn(answer);
      form.reset();
      form.closest("details")?.removeAttribute("open");
      await refresh();
      showMessage(problem || messages.dataset.done);
    } catch {
      showMessage(messages.dataset.offline);
    } finally {
      form.removeAttribute("aria-busy");
    }
  }
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.method !== "post" || !inbox().contains(form)) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy") !== "true") send(form, event.submitter);
  });

  // --- Whoever opens the page has seen what waits there. ---
  /** @type {Set<string | undefined>} */
  const marked = new Set();
  let marking = Promise.resolve();
  async function markSeen() {
    const unseen = all("[data-seen]", inbox()).filter((card) => !marked.has(card.dataset.key));
    for (const card of unseen) {
      marked.add(card.dataset.key);
      const token = query("[name=csrf_token]", HTMLInputElement, card).value;
      const body = new URLSearchParams({ shelter: card.dataset.shelter || "", csrf_token: token });
      const answer = await fetch(String(card.dataset.seen), { method: "POST", body, headers: { Accept: "application/json" } }).catch(
        () => null,
      ); // the card stays unseen for the desk until the next visit
      const now = answer?.ok ? await answer.json() : null;
      if (now) for (const version of inputs("[name=version]", card)) version.value = now.version;
    }
  }
  function markSeenNext() {
    marking = marking.then(markSeen);
  }
  function afterDrawing() {
    showLive(true);
    updateSpans();
    for (const undo of all(".undo-toast", inbox())) {
      setTimeout(() => {
        undo.hidden = true;
      }, Number(undo.dataset.seconds) * 1000);
    }
    if (!document.hidden) markSeenNext();
  }

  // Of one card or row, one box is open at a time.
  document.addEventListener(
    "toggle",
    (event) => {
      const box = /** @type {HTMLDetailsElement} */ (event.target);
      const card = box.open ? box.closest(".referral, .beds-row") : null;
      if (!card) return;
      for (const other of all("details[open]", card)) if (other !== box) /** @type {HTMLDetailsElement} */ (other).open = false;
    },
    true,
  );
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    updateSpans();
    markSeenNext();
  });
  setInterval(updateSpans, UPDATE_TIMES_EVERY);
  startSound();
  afterDrawing();
  timer = setTimeout(poll, EVERY);
}
