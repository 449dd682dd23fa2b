// Two similar consultations close together: asked about, whatever the order of their answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { duplicateGuard, fingerprintOf, isDuplicate } from "../../app/static/consultation/duplicate_guard.js";
import { consultation, group } from "./examples.js";

const NOW = 1_760_000_000_000;
const woman = { sex: "female", age_band: "age_25_59", n: 1 };
const boy = { sex: "male", age_band: "age_5_11", n: 2 };

test("nothing is similar to the first record of a page", () => {
  assert.equal(isDuplicate(consultation(), NOW), false);
});

test("the order of groups, persons and topics does not matter, everything else does", () => {
  const sent = consultation({ groups: [group("HND", [woman, boy]), group("GTM")], topics: ["asylum", "health"] });
  const shuffled = consultation({ groups: [group("GTM"), group("HND", [boy, woman])], topics: ["health", "asylum"] });
  assert.equal(fingerprintOf(sent), fingerprintOf(shuffled));
  const others = [
    { held_on: "2026-03-09" },
    { topics: ["asylum"] },
    { groups: [group("HND", [woman, boy])] },
    { groups: [group("HND", [woman, { ...boy, n: 3 }]), group("GTM")] },
    { groups: [group("HND", [woman]), group("GTM", [boy])] },
  ];
  for (const changes of others) assert.notEqual(fingerprintOf({ ...sent, ...changes }), fingerprintOf(sent), JSON.stringify(changes));
});

test("what was not part of the people, day or topics is not compared", () => {
  const { language, channel, groups } = consultation();
  assert.equal(fingerprintOf(consultation({ language: `${language}x`, channel: `${channel}x` })), fingerprintOf(consultation()));
  assert.equal(fingerprintOf(consultation({ groups: [{ ...groups[0], repeat_contact: "unknown" }] })), fingerprintOf(consultation()));
});

test("it is asked within a minute and a half, also after the clock was set back, and not after an undo", async () => {
  const sent = consultation();
  duplicateGuard.remember(sent, NOW);
  assert.deepEqual(
    [0, 90_000, 90_001, -90_000, -90_001].map((ms) => isDuplicate(sent, NOW + ms)),
    [true, true, false, true, false],
  );
  duplicateGuard.forget("another");
  assert.equal(isDuplicate(sent, NOW), true);
  duplicateGuard.forget(sent.id);
  assert.equal(isDuplicate(sent, NOW), false);
  assert.equal(await duplicateGuard.ask(sent), "save");
});
