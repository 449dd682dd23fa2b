// @ts-check
// The guard of the note: reports what would identify a person while it is typed and before it is sent. Without scripts
// the server refuses alone.
import { all, byId } from "../lib/dom.js";
import { loadRules } from "./identifiers.js";

const SETTLE = 250;

/** @param {HTMLTextAreaElement} note */
function watch(note) {
  const form = /** @type {HTMLFormElement} */ (note.form);
  const line = byId(String(note.dataset.problem), HTMLElement);
  const left = byId(String(note.dataset.left), HTMLElement);
  /** @type {Record<string, string>} */
  const sentences = JSON.parse(note.dataset.sentences || "{}");
  /** @type {((text: string) => string | null) | null} */
  let check = null;
  /** @type {Promise<void> | null} */
  let loading = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let settling;

  const load = () => {
    loading ??= loadRules(String(note.dataset.rules)).then(
      (loaded) => {
        check = loaded;
      },
      () => {
        loading = null; // no network: tried again at the next key, and the server checks in any case
      },
    );
    return loading;
  };
  const validate = () => {
    const found = check && note.value ? check(note.value) : null;
    line.textContent = found ? sentences[found] : "";
    line.hidden = !found;
    note.toggleAttribute("aria-invalid", false);
    if (found) note.setAttribute("aria-invalid", "true");
    return found;
  };
  const showLeft = () => {
    left.textContent = (left.dataset.text || "").replace("{n}", String(note.maxLength - note.value.length));
  };

  note.addEventListener("focus", load, { once: true });
  note.addEventListener("input", () => {
    showLeft();
    clearTimeout(settling);
    settling = setTimeout(() => load().then(validate), SETTLE);
  });
  // In the capture phase: a refused note must not reach whatever else sends this form.
  form.addEventListener(
    "submit",
    (event) => {
      if (!note.value) return;
      if (!check) {
        stop(event);
        const button = event.submitter;
        load().then(() => {
          // If the rules cannot be loaded, the server decides alone.
          check ??= () => null;
          form.requestSubmit(button);
        });
      } else if (validate()) {
        stop(event);
        note.focus();
      }
    },
    true,
  );
  showLeft();
}
/** @param {Event} event */
function stop(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}
for (const note of all("[data-guard]")) watch(/** @type {HTMLTextAreaElement} */ (note));
