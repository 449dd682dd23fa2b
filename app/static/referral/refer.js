// @ts-check
// Referring: shelters follow the group as it is typed, no tap is lost, and a sent referral shows its answer by itself.
import { all, byId, field, inputs, query } from "../lib/dom.js";
import { ready } from "../tablet/page.js";

const SETTLE = 250;
const REFRESHED_PARTS = ["choosing", "party", "chosen"];
const WATCHED_NAMES = ["persons-", "flags", "desk"];

const form = document.getElementById("refer");
if (form instanceof HTMLFormElement) startForm(form);
startCountdowns();
const sent = document.querySelector("[data-version]");
if (sent instanceof HTMLElement) followState(sent);

/** @param {HTMLFormElement} form */
function startForm(form) {
  const consent = field(form, "consent");
  const agrees = /** @type {HTMLElement} */ (consent.closest(".agrees"));
  const consentProblem = byId("p-consent", HTMLElement);
  const noNetwork = byId("no-network", HTMLElement);
  /** @type {typeof import("../tablet/notices.js").notices | null} */
  let notices = null;
  /** @type {FormData} */
  let unsent;
  let isPlain = false;
  let asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let settling;

  form.addEventListener("change", (event) => {
    const { name } = /** @type {HTMLInputElement} */ (event.target);
    if (WATCHED_NAMES.some((start) => name.startsWith(start))) refreshSoon();
    if (name === "offers") limitOffers();
  });
  form.addEventListener("input", (event) => {
    noNetwork.hidden = true;
    if (/** @type {HTMLInputElement} */ (event.target).name.startsWith("persons-")) refreshSoon();
  });
  form.addEventListener("submit", (event) => {
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    if (!button || (button.formAction !== form.action && button.hasAttribute("formaction"))) return;
    if (consent.checked) {
      send(event, button);
      return;
    }
    event.preventDefault();
    consentProblem.hidden = false;
    agrees.classList.add("wrong");
    consent.focus();
    agrees.scrollIntoView({ block: "nearest" });
  });
  consent.addEventListener("change", () => {
    if (!consent.checked) return;
    consentProblem.hidden = true;
    agrees.classList.remove("wrong");
  });
  limitOffers();
  ready.then(async (isEnrolled) => {
    if (isEnrolled) ({ notices } = await import("../tablet/notices.js"));
  });

  /**
   * On an enrolled tablet a send that finds no network is offered as a notice; what the server refuses, its page reports.
   * @param {SubmitEvent} event
   * @param {HTMLButtonElement} button
   */
  async function send(event, button) {
    if (isPlain || !notices) return;
    event.preventDefault();
    noNetwork.hidden = true;
    unsent = new FormData(form, button);
    const { id, isAway } = await notices.send(form.action, unsent);
    if (id) {
      location.assign(`${form.action}/${id}`);
      return;
    }
    isPlain = !isAway || !(await notices.isOfDesk(field(form, "desk").value));
    if (isPlain) form.requestSubmit(button);
    else {
      noNetwork.hidden = false;
      noNetwork.scrollIntoView({ block: "nearest" });
    }
  }
  const leaveButton = query("[data-leave]", HTMLButtonElement, noNetwork);
  leaveButton.addEventListener("click", async () => {
    if (!notices) return;
    leaveButton.disabled = true;
    try {
      await notices.leave(notices.contentOf(unsent));
      noNetwork.hidden = true;
      form.hidden = true;
      byId("notice-left", HTMLElement).hidden = false;
    } catch (error) {
      const problems = JSON.parse(noNetwork.dataset.problems || "{}");
      query("*", HTMLElement, noNetwork).textContent = problems[/** @type {Error} */ (error).message] || problems.storage;
    }
    leaveButton.disabled = false;
  });

  function refreshSoon() {
    clearTimeout(settling);
    settling = setTimeout(refresh, SETTLE);
  }
  async function refresh() {
    const mine = ++asked;
    try {
      const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
      const answer = await fetch(String(form.dataset.again), { method: "POST", body, headers: { Accept: "text/html" } });
      if (!answer.ok || mine !== asked) return;
      const page = self.ventanilla.trusted.page(await answer.text());
      for (const id of REFRESHED_PARTS) byId(id, HTMLElement).replaceChildren(...query(`#${id}`, HTMLElement, page).childNodes);
      limitOffers();
    } catch {
      // No network: the button that asks the server by hand is shown.
      query(".refresh", HTMLElement).classList.add("shown");
    }
  }
  function limitOffers() {
    const several = form.querySelector("[data-most]");
    if (!(several instanceof HTMLElement)) return;
    const ticks = inputs("[name=offers]", form);
    const chosen = ticks.filter((tick) => tick.checked).length;
    for (const tick of ticks) tick.disabled = !tick.checked && chosen >= Number(several.dataset.most);
  }
}

function startCountdowns() {
  const times = all("[data-until]");
  const show = () => {
    for (const time of times) {
      const seconds = Math.max(0, Math.floor((Date.parse(String(time.dataset.until)) - Date.now()) / 1000));
      if (seconds < 3600) time.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    }
  };
  if (!times.length) return;
  show();
  setInterval(show, 1000);
}

/** @param {HTMLElement} sent */
function followState(sent) {
  let isLeaving = false;
  document.addEventListener("submit", () => {
    isLeaving = true;
  });
  setInterval(async () => {
    if (document.visibilityState !== "visible" || document.querySelector(".questions :checked")) return;
    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const now = await answer.json();
      if (!isLeaving && (String(now.version) !== sent.dataset.version || now.state !== sent.dataset.state)) location.reload();
    } catch {
      // No network: the next round asks again.
    }
  }, Number(sent.dataset.every) * 1000);
}
