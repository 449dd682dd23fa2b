// @ts-check
// Two similar consultations in a row and close together may be the same people saved twice: asks, never refuses.
// What it compares stays in the memory of this page.
import { byId } from "../lib/dom.js";

/** @import { Consultation } from "./form_state.js" */

const SOON = 90_000;
/** @type {{ id: string, fingerprint: string, at: number } | null} */
let last = null;

/**
 * Day, people, nationalities and topics of a record as one text, whatever their order.
 * @param {Pick<Consultation, "held_on" | "groups" | "topics">} sent
 */
export function fingerprintOf({ held_on, groups, topics }) {
  const people = groups.map(({ nationality, persons }) => [
    nationality,
    persons.map(({ sex, age_band, n }) => [sex, age_band, n].join(" ")).sort(),
  ]);
  return JSON.stringify([held_on, people.map((group) => JSON.stringify(group)).sort(), [...topics].sort()]);
}
/**
 * @param {Consultation} sent
 * @param {number} now
 */
export const isDuplicate = (sent, now) => last !== null && Math.abs(now - last.at) <= SOON && last.fingerprint === fingerprintOf(sent);

/** @returns {Promise<string>} */
function askInDialog() {
  const dialog = byId("duplicate-guard", HTMLDialogElement);
  return new Promise((resolve) => {
    dialog.returnValue = "";
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
    dialog.showModal();
  });
}

export const duplicateGuard = {
  /**
   * Resolves to "save", to "drop", or to "" for whoever wants to look at the answers again.
   * @param {Consultation} sent
   */
  ask: async (sent) => (isDuplicate(sent, Date.now()) ? askInDialog() : "save"),
  /**
   * @param {Consultation} sent
   * @param {number} [now]
   */
  remember(sent, now = Date.now()) {
    last = { id: sent.id, fingerprint: fingerprintOf(sent), at: now };
  },
  /** @param {string} id */
  forget(id) {
    if (last?.id === id) last = null;
  },
};
