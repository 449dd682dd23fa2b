// @ts-check
// Referring without the network: whom to call, a notice that waits in the queue, a slip that promises nothing.
import { all, byId, closest, element, field, fillText, query } from "../lib/dom.js";
import { uuid } from "../lib/encoding.js";
import { askWorker } from "./ask_worker.js";
import { notices, numberOf, personsOf } from "./notices.js";
import { openForm, ready } from "./page.js";

/** @import { Persons } from "./notices.js" */

const form = byId("refer-offline", HTMLFormElement);
ready.then((isEnrolled) => {
  if (isEnrolled) start();
});

function start() {
  const left = byId("left", HTMLElement);
  /** @type {Record<string, string>} */
  const problems = JSON.parse(form.dataset.problems || "{}");
  const consent = field(form, "consent");
  const language = query("select[name=language]", HTMLSelectElement, form);
  let last = { content: "", id: "" };
  let isLeaving = false;
  form.addEventListener("input", validate);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("click", (event) => {
    if (!closest(event, "[data-leave]")) return;
    const destination = closest(event, "[data-shelter], [data-service]");
    if (destination) leaveAt(destination);
  });
  query("[data-again]", HTMLElement, left).addEventListener("click", startAgain);
  openForm.isDirty = () => !left.hidden || persons().length > 0;
  openForm.keep = async () => Boolean((await askWorker({ keep: { refer: [...new FormData(form)] } }))?.kept);
  askWorker({ take: true }).then((answer) => {
    if (answer?.held?.refer) fill(answer.held.refer);
  });
  validate();

  /**
   * The answers across a change of language.
   * @param {[string, string][]} answers
   */
  function fill(answers) {
    for (const [name, value] of answers) {
      const control = field(form, name);
      if (!control) continue;
      if (control.type === "checkbox") control.checked = true;
      else control.value = value;
    }
    validate();
  }
  function persons() {
    return personsOf(new FormData(form));
  }

  // --- What the server would refuse is not offered: a shelter that does not take the group, a shelter for a child alone. ---
  function validate() {
    const group = persons();
    const n = numberOf(group);
    const line = byId("party", HTMLElement);
    line.textContent = n ? fillText(line.dataset.people, { n }) : line.dataset.nobody || "";
    const children = (form.dataset.children || "").split(" ");
    const isChildAlone = n > 0 && group.every((member) => children.includes(member.age_band));
    byId("child-alone", HTMLElement).hidden = !isChildAlone;
    byId("shelters", HTMLElement).hidden = isChildAlone;
    for (const card of all("[data-shelter]", form)) query("[data-leave]", HTMLButtonElement, card).disabled = refuses(card, group);
    if (n) byId("p-persons", HTMLElement).hidden = true;
    if (consent.checked) showConsentProblem(false);
  }
  /**
   * @param {HTMLElement} card
   * @param {Persons[]} group
   */
  function refuses(card, group) {
    const isMixed = new Set(group.map((member) => member.sex)).size > 1;
    const cells = group.map((member) => `${member.sex}-${member.age_band}`);
    const reasons = all("[data-why]", card);
    for (const reason of reasons) {
      const applies = reason.dataset.cells ? reason.dataset.cells.split(" ").some((cell) => cells.includes(cell)) : isMixed;
      reason.hidden = !applies;
    }
    return reasons.some((reason) => !reason.hidden);
  }
  /** @param {boolean} isWrong */
  function showConsentProblem(isWrong) {
    byId("p-consent", HTMLElement).hidden = !isWrong;
    query(".consent", HTMLElement, form).closest(".agrees")?.classList.toggle("wrong", isWrong);
  }
  /** @param {number} n */
  function showProblems(n) {
    const line = byId("p-persons", HTMLElement);
    line.hidden = n > 0 && n <= Number(form.dataset.most);
    line.textContent = (line.hidden ? "" : n ? line.dataset.many : line.dataset.nobody) || "";
    showConsentProblem(!consent.checked);
    const first = !line.hidden ? query(".counters input", HTMLInputElement, form) : consent.checked ? null : consent;
    first?.focus();
    return Boolean(first);
  }

  // --- Leaving it: reported to wait only when the tablet has stored it for good. ---
  /** @param {HTMLElement} destination */
  async function leaveAt(destination) {
    const group = persons();
    const problem = byId("p-kept", HTMLElement);
    if (isLeaving || showProblems(numberOf(group))) return;
    isLeaving = true;
    problem.hidden = true;
    try {
      await notices.leave(contentFor(destination, group));
      showSlip(destination, numberOf(group));
    } catch (error) {
      problem.textContent = problems[/** @type {Error} */ (error).message] || problems.storage;
      problem.hidden = false;
      problem.scrollIntoView({ block: "center" });
    }
    isLeaving = false;
  }
  /**
   * The same answers keep their number: whatever went wrong, they are one referral.
   * @param {HTMLElement} destination
   * @param {Persons[]} group
   */
  function contentFor(destination, group) {
    const { shelter, service } = destination.dataset;
    const to = service ? { service } : { shelters: [shelter] };
    const content = { ...to, priority: field(form, "priority").value, persons: group, language: language.value, consent: true };
    if (last.content !== JSON.stringify(content)) last = { content: JSON.stringify(content), id: uuid() };
    return { id: last.id, ...content };
  }

  // --- The slip: the shelter and a number of people, in Spanish and the language of who carries it. ---
  /**
   * @param {HTMLElement} destination
   * @param {number} n
   */
  function showSlip(destination, n) {
    const facts = destination.dataset;
    const option = language.selectedOptions[0];
    const columns = all(".slip-words > [lang]", left);
    for (const column of columns) column.hidden = !["es", option.dataset.locale].includes(column.lang);
    const shown = columns.filter((column) => !column.hidden);
    query(".slip-words", HTMLElement, left).classList.toggle("two", shown.length > 1);
    for (const column of shown) fillColumn(column, facts, n);
    for (const line of all("[data-slip]", left)) {
      const text = facts[String(line.dataset.slip)];
      line.textContent = text ? (line.dataset.mark || "") + text : "";
      line.hidden = !text;
    }
    if (!facts.name) showReservedName(shown);
    showPhone(facts.phone || "");
    form.hidden = true;
    left.hidden = false;
    byId("t-left", HTMLElement).focus();
  }
  /**
   * @param {HTMLElement} column
   * @param {DOMStringMap} facts
   * @param {number} n
   */
  function fillColumn(column, facts, n) {
    const people = query("[data-words]", HTMLElement, column);
    const hours = query("[data-hours]", HTMLElement, column);
    people.textContent = fillText(people.dataset.words, { n });
    hours.hidden = !facts.hours;
    hours.textContent = facts.first && facts.last ? fillText(hours.dataset.hours, facts) : hours.dataset.any || "";
  }
  /** @param {HTMLElement[]} columns */
  function showReservedName(columns) {
    const line = query('[data-slip="name"]', HTMLElement, left);
    line.replaceChildren(
      ...columns.flatMap((column, n) => [
        n ? " · " : "",
        element("span", { lang: column.lang, textContent: column.dataset.reserved || "" }),
      ]),
    );
    line.hidden = false;
  }
  /** @param {string} phone */
  function showPhone(phone) {
    const link = query("a[data-call]", HTMLAnchorElement, left);
    link.hidden = !phone;
    link.href = `tel:${phone.replaceAll(" ", "")}`;
    query(".phone", HTMLElement, link).textContent = phone;
  }
  function startAgain() {
    form.reset();
    last = { content: "", id: "" };
    left.hidden = true;
    form.hidden = false;
    validate();
    byId("title", HTMLElement).focus();
  }
}
