// @ts-check
// The server as the place where records are saved; an enrolled tablet has its own (tablet/record.js).
import { all, field } from "../lib/dom.js";
/** @import { Backend } from "./form_state.js" */

/** @typedef {(url: string, body: unknown) => Promise<Response>} Post */

/**
 * Posts JSON with the page's token, and once more with a new one if that has expired.
 * @param {HTMLFormElement} form
 * @returns {Post}
 */
export function createPost(form) {
  /**
   * @param {string} url
   * @param {unknown} body
   * @param {boolean} mayRetry
   * @returns {Promise<Response>}
   */
  async function post(url, body, mayRetry) {
    const answer = await fetch(url, {
      method: "POST",
      redirect: "error",
      credentials: "same-origin",
      body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": field(form, "csrf_token").value },
    });
    if (answer.status !== 400 || !mayRetry) return answer;
    const token = await (await fetch("/sync/token", { headers: { Accept: "application/json" } })).json();
    for (const input of all("input[name=csrf_token]")) /** @type {HTMLInputElement} */ (input).value = token.csrf_token;
    return post(url, body, false);
  }
  return (url, body) => post(url, body, true);
}

/**
 * @param {HTMLFormElement} form
 * @param {Post} post
 * @returns {Backend}
 */
export const serverBackend = (form, post) => ({
  async keep(sent) {
    const answer = await post(form.action, sent);
    if (answer.status === 401) return { left: true };
    const result = await answer.json();
    if ((answer.status === 201 || answer.status === 200) && result.id === sent.id) return { kept: true };
    return answer.status === 422 ? { problems: result.problems } : { problem: result.problem };
  },
  undo: async (id) => (await post(`/consultations/${id}/void`, { reason: "undo" })).ok,
});
