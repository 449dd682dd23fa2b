// How long ago or how long is left; tests/js/test_units.py runs the same examples through the server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { span } from "../../app/static/lib/relative_time.js";
import examples from "./spans.json" with { type: "json" };

const units = examples.units.map((unit) => ({ ...unit, pattern: `# ${unit.code}` }));

test("past is rounded down, of what is left a minute begun counts", () => {
  for (const { seconds, n, unit } of examples.spans) {
    assert.deepEqual(span(seconds, units), { n, text: `${n} ${unit}` }, String(seconds));
  }
});
