// What a tablet leaves out of a record, and who may record on it.
import assert from "node:assert/strict";
import { test } from "node:test";
import "fake-indexeddb/auto";
import { mayRecord, withoutDefaults } from "../../app/static/tablet/outbox.js";
import { consultation, group } from "./examples.js";

const device = { state: "enrolled", lists: { languages: ["spa", "hat"] } };

test("what the server fills in itself is left out, and nothing else", () => {
  const sent = withoutDefaults(consultation(), device);
  const { situation, ...rest } = group("HND");
  assert.deepEqual(Object.keys(sent).sort(), ["desk", "groups", "held_on", "id", "milliseconds", "outcomes", "taps", "topics"]);
  assert.deepEqual(sent.groups, [rest]);
});

test("answers that differ from what the server fills in are sent", () => {
  const given = {
    channel: "phone",
    modality: "legal",
    travel_group: "family",
    language: "hat",
    main_topic: "health",
    flags: ["none"],
    card: "X",
  };
  const sent = withoutDefaults(
    consultation({ ...given, topics: ["asylum", "health"], groups: [{ ...group("HND"), situation: "in_transit" }] }),
    device,
  );
  assert.deepEqual({ ...sent, ...given }, sent);
  assert.equal(sent.groups[0].situation, "in_transit");
});

test("a refusal gets no groups", () => {
  const refusal = { id: "x", desk: "MEX-02", held_on: "2026-03-10", outcomes: ["person_declined_record"] };
  assert.deepEqual(withoutDefaults(refusal, device), refusal);
});

test("only somebody of the desk records, on an enrolled tablet that is not locked", () => {
  const now = { device, person: { account: "ana" }, locked: false, people: [{ account: "ana" }] };
  assert.equal(mayRecord(now), true);
  assert.equal(mayRecord({ ...now, people: undefined }), true);
  const others = [
    { device: undefined },
    { device: { ...device, state: "refused" } },
    { person: undefined },
    { locked: true },
    { people: [] },
  ];
  for (const change of others) assert.equal(mayRecord({ ...now, ...change }), false, JSON.stringify(change));
});
