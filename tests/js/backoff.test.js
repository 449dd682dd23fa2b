// How long sending waits: what the server says, otherwise longer each time; a clock that jumps does no harm.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isPaused, jitter, nextWait, retryAfter, untilNextTry, workerPause } from "../../app/static/tablet/backoff.js";

const NOW = Date.parse("2026-03-10T12:00:00Z");

test("waits double from two seconds to a minute", () => {
  const waits = [nextWait(0)];
  while (waits.length < 8) waits.push(nextWait(waits[waits.length - 1]));
  assert.deepEqual(waits, [2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test("jitter takes a random part", () => {
  assert.deepEqual([jitter(2000, 0), jitter(2000, 0.5)], [0, 1000]);
  for (let n = 0; n < 100; n += 1) assert.ok(jitter(2000) >= 0 && jitter(2000) < 2000);
});

test("Retry-After is read as seconds or as a date, and limited to an hour", () => {
  assert.equal(retryAfter("30", NOW), 30_000);
  assert.equal(retryAfter(" 30 ", NOW), 30_000);
  assert.equal(retryAfter("Tue, 10 Mar 2026 12:01:00 GMT", NOW), 60_000);
  assert.equal(retryAfter("Tue, 10 Mar 2026 11:00:00 GMT", NOW), 0);
  assert.equal(retryAfter("999999", NOW), 3_600_000);
  for (const nothing of [null, "", "soon", "-5", "0"]) assert.equal(retryAfter(nothing, NOW), 0, String(nothing));
});

test("a pause ends when it is over, and when the clock was set back", () => {
  const retry = { until: NOW + 30_000, wait: 30_000 };
  assert.equal(isPaused(retry, NOW), true);
  assert.equal(isPaused(retry, NOW + 30_000), false);
  assert.equal(isPaused(retry, NOW - 1), false);
  assert.equal(isPaused(undefined, NOW), false);
});

test("the next try comes after the pause and the back-off, never at once", () => {
  assert.equal(untilNextTry(undefined, 0, NOW), 250);
  assert.equal(untilNextTry(undefined, NOW + 7000, NOW), 7000);
  const paused = untilNextTry({ until: NOW + 30_000, wait: 30_000 }, 0, NOW);
  assert.ok(paused >= 30_000 && paused < 32_000);
});

test("the worker waits about 5 and 30 seconds, then a minute at most", () => {
  assert.deepEqual(
    [1, 2, 3, 9].map((tries) => workerPause(tries, 1)),
    [5000, 30_000, 60_000, 60_000],
  );
  assert.deepEqual(
    [1, 2, 3].map((tries) => workerPause(tries, 0)),
    [2500, 15_000, 30_000],
  );
});
