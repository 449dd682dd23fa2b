// Bytes as text, and random identifiers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBase64, toBase64, toHex, utf8, uuid } from "../../app/static/lib/encoding.js";

test("base64url has no padding and comes back as it was", () => {
  for (let length = 0; length < 70; length += 1) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    const text = toBase64(bytes);
    assert.match(text, /^[\w-]*$/);
    assert.equal(text, Buffer.from(bytes).toString("base64url"));
    assert.deepEqual(fromBase64(text), bytes);
  }
});

test("hexadecimal and UTF-8 are those of everybody else", () => {
  assert.equal(toHex(Uint8Array.of(0, 15, 16, 255)), "000f10ff");
  assert.equal(toHex(utf8("ñ€").buffer), "c3b1e282ac");
});

test("identifiers are of version 4, also where the browser cannot make them itself", () => {
  const version4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  assert.match(uuid(), version4);
  Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
  const made = new Set(Array.from({ length: 1000 }, uuid));
  delete crypto.randomUUID;
  assert.equal(made.size, 1000);
  for (const id of made) assert.match(id, version4);
});
