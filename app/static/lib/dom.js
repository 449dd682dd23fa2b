// @ts-check
// Finds elements of the page with their type; what a script cannot work without must be there.

/**
 * @template {Element} E
 * @param {string} selector
 * @param {new () => E} type
 * @param {ParentNode} [root]
 * @returns {E}
 */
export function query(selector, type, root = document) {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new TypeError(`The page lacks ${selector}.`);
  return found;
}

/**
 * @template {Element} E
 * @param {string} id
 * @param {new () => E} type
 * @returns {E}
 */
export const byId = (id, type) => query(`#${id}`, type);

/**
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement[]}
 */
export const all = (selector, root = document) => [...root.querySelectorAll(selector)].map((found) => /** @type {HTMLElement} */ (found));

/**
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLInputElement[]}
 */
export const inputs = (selector, root = document) => all(selector, root).map((found) => /** @type {HTMLInputElement} */ (found));

/**
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLButtonElement[]}
 */
export const buttons = (selector, root = document) => all(selector, root).map((found) => /** @type {HTMLButtonElement} */ (found));

/**
 * The control of a form by its name; for a group of radio buttons an object with the chosen `value`.
 * @param {HTMLFormElement} form
 * @param {string} name
 * @returns {HTMLInputElement}
 */
export const field = (form, name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));

/**
 * The nearest element around what was clicked or changed.
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export const closest = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Partial<HTMLElementTagNameMap[Tag]>} [properties]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export const element = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

/**
 * A sentence of the page with its {names} filled in.
 * @param {string | undefined} text
 * @param {Record<string, unknown>} values
 */
export const fillText = (text, values) => (text || "").replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
