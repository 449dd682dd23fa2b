// The code of a visitor card: how it is normalized and its check character found, as app/check_codes.py does.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCode, normalizeCode } from "../../app/static/consultation/card.js";
import codes from "./card_codes.json" with { type: "json" };

test("every code of the server is right, and wrong with any one character changed", () => {
  for (const code of codes) {
    assert.equal(isCode(code), true, code);
    for (let n = 0; n < code.length; n += 1) {
      const other = code[n] === "7" ? "8" : "7";
      assert.equal(isCode(code.slice(0, n) + other + code.slice(n + 1)), false, `${code} ${n}`);
    }
  }
});

test("neighbours that are swapped are found", () => {
  for (const code of codes) {
    for (let n = 0; n < code.length - 1; n += 1) {
      if (code[n] === code[n + 1]) continue;
      assert.equal(isCode(code.slice(0, n) + code[n + 1] + code[n] + code.slice(n + 2)), false, `${code} ${n}`);
    }
  }
});

test("spaces, dashes, case and characters that look alike do not matter", () => {
  assert.equal(normalizeCode(" o1il–a b-c_d−"), "0111ABCD");
});
