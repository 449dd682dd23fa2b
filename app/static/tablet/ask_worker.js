// @ts-check
// Messages to the worker that are answered: it holds a form's answers while the page is drawn in another language.

const ANSWER_WITHIN = 1500;
/**
 * Asks the worker; null if there is none, or none that answers.
 * @param {Record<string, unknown>} message
 * @returns {Promise<{ kept?: boolean, held?: any } | null>}
 */
export function askWorker(message) {
  const worker = navigator.serviceWorker?.controller;
  if (!worker) return Promise.resolve(null);
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (event) => resolve(event.data);
    setTimeout(() => resolve(null), ANSWER_WITHIN);
    worker.postMessage(message, [port2]);
  });
}
