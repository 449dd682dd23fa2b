// Counting persons: the number of a cell, the number pad and digits on the keyboard.
import assert from "node:assert/strict";
import { test } from "node:test";
import { appendDigit, countOf, typeDigit } from "../../app/static/consultation/cells.js";

test("a cell holds 0 to 99, and 0 for anything that is no number", () => {
  const counts = ["", "0", "7", "99", "100", "-3", "x", "3x", "1.9"].map(countOf);
  assert.deepEqual(counts, [0, 0, 7, 99, 99, 0, 0, 3, 1]);
});

test("the number pad keeps the last two digits, and delete takes one", () => {
  assert.equal(["1", "2", "3"].reduce(typeDigit, "0"), "23");
  assert.equal(typeDigit("23", ""), "2");
  assert.equal(typeDigit("2", ""), "0");
  assert.equal(typeDigit("0", "0"), "0");
});

test("a digit on the keyboard follows the last one, or begins a number", () => {
  assert.deepEqual([appendDigit(0, "4"), appendDigit(4, "2"), appendDigit(42, "5"), appendDigit(40, "0")], [4, 42, 25, 0]);
});
