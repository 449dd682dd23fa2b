// The answers of the form as data: what is sent, the order of topics, where a problem is shown.
import assert from "node:assert/strict";
import { test } from "node:test";
import { asksForReturn, changeTopics, contentOf, problemPlace, valuesByName } from "../../app/static/consultation/form_state.js";
import { consultation } from "./examples.js";

const { taps, milliseconds, main_topic, ...answers } = consultation({ topics: ["asylum", "health"] });

test("the main topic is the chosen one, otherwise the first, and none without topics", () => {
  assert.equal(contentOf(answers, "health", null).main_topic, "health");
  assert.equal(contentOf(answers, "", null).main_topic, "asylum");
  assert.equal("main_topic" in contentOf({ ...answers, topics: [] }, "", null), false);
});

test("taps and time are limited as the server limits them, and a correction carries none", () => {
  const sent = contentOf(answers, "", { taps: 1e9, milliseconds: 1e12 });
  assert.deepEqual([sent.taps, sent.milliseconds], [10_000, 86_400_000]);
  assert.equal("taps" in contentOf(answers, "", null), false);
});

test("topics keep the order in which they were marked", () => {
  const order = [
    ["health", true],
    ["asylum", true],
    ["shelter", true],
    ["health", false],
    ["health", true],
  ].reduce((topics, [code, isChecked]) => changeTopics(topics, code, isChecked), []);
  assert.deepEqual(order, ["asylum", "shelter", "health"]);
});

test("a return is offered after the topic or the outcome that asks for it", () => {
  assert.equal(asksForReturn(consultation({ topics: ["voluntary_return"] })), true);
  assert.equal(asksForReturn(consultation({ outcomes: ["return_request_opened"] })), true);
  assert.equal(asksForReturn(consultation()), false);
});

test("a problem is shown at its answer, and leads to its group", () => {
  assert.deepEqual(problemPlace("topics"), { id: "p-topics", group: "" });
  assert.deepEqual(problemPlace("groups.1.nationality"), { id: "p-from-1", group: "1" });
  assert.deepEqual(problemPlace("groups.2.persons"), { id: "p-who-2", group: "2" });
  assert.deepEqual(problemPlace("groups.0.repeat_contact"), { id: "p-before-0", group: "0" });
  assert.deepEqual(problemPlace("groups"), { id: "p-who-0", group: "0" });
});

test("values of a name that repeats are all kept, in order", () => {
  const values = valuesByName([
    ["topics", "health"],
    ["desk", "MEX-02"],
    ["topics", "asylum"],
  ]);
  assert.deepEqual(
    [...values],
    [
      ["topics", ["health", "asylum"]],
      ["desk", ["MEX-02"]],
    ],
  );
});
