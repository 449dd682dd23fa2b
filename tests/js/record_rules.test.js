// What a tablet refuses before it seals a record: the same as the server, by the same codes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isFirstMonth, personsIn, problemsOf } from "../../app/static/tablet/record_rules.js";
import { consultation, group } from "./examples.js";

const desk = { today: "2026-03-10", opened: "2026-01-05", closes: "", yearStart: "1", isCardWrong: false };
const codes = (changes, ofDesk = {}) =>
  problemsOf(consultation(changes), { ...desk, ...ofDesk }).map(({ field, code }) => `${field} ${code}`);

test("a whole record has no problem", () => {
  assert.deepEqual(codes({}), []);
});

test("the day is one at the desk, not in the future, not before it opened, not after it closed, at most 60 days ago", () => {
  assert.deepEqual(codes({ held_on: "10.3.2026" }), ["held_on not_a_date"]);
  assert.deepEqual(codes({ held_on: "2026-03-11" }), ["held_on in_future"]);
  assert.deepEqual(codes({ held_on: "2026-01-04" }), ["held_on before_opening"]);
  assert.deepEqual(codes({ held_on: "2026-03-10" }, { closes: "2026-03-09" }), ["held_on desk_closed"]);
  assert.deepEqual(codes({ held_on: "2026-01-09" }, { opened: "2025-01-01" }), []);
  assert.deepEqual(codes({ held_on: "2026-01-08" }, { opened: "2025-01-01" }), ["held_on too_long_ago"]);
});

test("each group needs people, a nationality and whether they came before", () => {
  const bare = { nationality: "", situation: "unknown", persons: [] };
  assert.deepEqual(codes({ groups: [group("HND"), bare] }), [
    "groups.1.persons no_people",
    "groups.1.nationality required",
    "groups.1.repeat_contact required",
  ]);
});

test("an earlier month of the year is impossible in its first month", () => {
  const groups = [group("HND", undefined, "first_this_month")];
  assert.deepEqual(codes({ groups, held_on: "2026-01-20" }), ["groups.0.repeat_contact impossible_answer"]);
  assert.deepEqual(codes({ groups, held_on: "2026-03-10" }), []);
  assert.equal(isFirstMonth("2026-10-01", "10"), true);
});

test("more than 200 persons, no topic, no outcome, none beside another flag and a mistyped card are refused", () => {
  const crowd = group(
    "HND",
    [99, 99, 3].map((n) => ({ sex: "female", age_band: "age_25_59", n })),
  );
  assert.equal(personsIn([crowd]), 201);
  const wrong = { groups: [crowd], topics: [], outcomes: [], flags: ["none", "pregnant"] };
  const expected = ["groups too_many_people", "topics required", "outcomes required", "flags excludes_others", "card card_mistyped"];
  assert.deepEqual(codes(wrong, { isCardWrong: true }), expected);
});

test("a refusal to be recorded needs a day only", () => {
  const refusal = { id: "x", desk: "MEX-02", held_on: "2026-03-10", outcomes: ["person_declined_record"] };
  assert.deepEqual(problemsOf(refusal, desk), []);
});
