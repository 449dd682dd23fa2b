// What an answer of the server proves: a record leaves the queue on its own receipt only.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fitting, isWhole, receivedStates } from "../../app/static/tablet/sync_queue.js";

const batch = [
  { id: "a", receipt: "1" },
  { id: "b", receipt: "2" },
];
const result = (id, kind, receipt) => ({ id, result: kind, receipt });

test("each result that the server may give ends in one state", () => {
  const state = (kind) => receivedStates([batch[0]], { results: [result("a", kind, "1")] }).a;
  assert.deepEqual(["created", "duplicate", "conflict", "quarantined"].map(state), ["sent", "sent", "mend", "mend"]);
});

test("another receipt, an unknown result, no result or another's id keep the record", () => {
  const answers = [
    {},
    { results: null },
    { results: "created" },
    { results: [null, 7, "a"] },
    { results: [result("a", "created", "2")] },
    { results: [result("a", "created", undefined)] },
    { results: [result("a", "toString", "1")] },
    { results: [result("c", "created", "1")] },
  ];
  for (const answer of answers) assert.deepEqual(receivedStates(batch, answer), {}, JSON.stringify(answer));
});

test("those with a receipt leave, the others stay", () => {
  assert.deepEqual(receivedStates(batch, { results: [result("b", "created", "2"), result("a", "created", "x")] }), { b: "sent" });
});

test("a batch stays below 100 KB, and a single larger record is sent alone", () => {
  const entries = (...sizes) => sizes.map((size) => ({ sealed: "x".repeat(size) }));
  assert.equal(fitting(entries(40_000, 40_000, 40_000)).length, 2);
  assert.equal(fitting(entries(200_000, 10)).length, 1);
  assert.equal(fitting([]).length, 0);
});

test("an answer to a contact counts only if it is whole", () => {
  const whole = { now: "2026-03-10T12:00:00Z", keys: [{ id: "k", public: "p" }], lists: { desk: { code: "MEX-02" } } };
  assert.equal(isWhole(whole), true);
  for (const change of [{ now: "soon" }, { keys: [] }, { keys: null }, { keys: [{ id: "k" }] }, { lists: null }, { lists: {} }]) {
    assert.equal(isWhole({ ...whole, ...change }), false, JSON.stringify(change));
  }
});
