// @ts-check
// How long sending waits before it is tried again: as long as the server says, otherwise longer after each failure.

const FIRST_WAIT = 2000;
const LONGEST_WAIT = 60_000;
const LONGEST_PAUSE = 3_600_000;

/**
 * The next wait in ms after one more failure: 2 s to 60 s, doubled each time.
 * @param {number} wait
 */
export const nextWait = (wait) => Math.min(Math.max(wait * 2, FIRST_WAIT), LONGEST_WAIT);

/**
 * A random part of a wait, so that tablets of one desk do not all send at the same moment.
 * @param {number} wait
 * @param {number} random from 0 to 1
 */
export const jitter = (wait, random = Math.random()) => random * wait;

/**
 * The pause in ms that a Retry-After header asks for (seconds or a date), at most an hour; 0 if it asks for none.
 * @param {string | null} header
 * @param {number} now
 */
export function retryAfter(header, now) {
  if (!header) return 0;
  const asked = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Math.min(Math.max(asked || 0, 0), LONGEST_PAUSE);
}

/**
 * A clock that was set back must not make the pause longer than the server asked.
 * @param {{ until: number, wait: number } | undefined} retry
 * @param {number} now
 */
export function isPaused(retry, now) {
  const left = retry ? retry.until - now : 0;
  return left > 0 && left <= (retry?.wait ?? 0);
}

/**
 * When the page tries again by itself, in ms from now.
 * @param {{ until: number, wait: number } | undefined} retry
 * @param {number} notBefore
 * @param {number} now
 */
export function untilNextTry(retry, notBefore, now) {
  const paused = retry && isPaused(retry, now) ? retry.until - now + jitter(FIRST_WAIT) : 0;
  return Math.max(paused, notBefore - now, 250);
}

/**
 * How long the worker waits between its own tries: about 5 s, 30 s, then a minute.
 * @param {number} tries
 * @param {number} random from 0 to 1
 */
export const workerPause = (tries, random = Math.random()) => (0.5 + random / 2) * Math.min(60_000, 5000 * 6 ** (tries - 1));
