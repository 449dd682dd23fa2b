// Sealing to the server's key: the vector that the server opens too, and that nobody else can.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBase64, toHex } from "../../app/static/lib/encoding.js";
import { seal, sealWith } from "../../app/static/tablet/crypto.js";
import vector from "./seal_vector.json" with { type: "json" };

const CURVE = { name: "ECDH", namedCurve: "P-256" };
const utf8 = (text) => new TextEncoder().encode(text);
/** The private key of 32 bytes and its public point. */
const importPrivate = (d, point) => {
  const bytes = Buffer.from(point, "base64url");
  const [x, y] = [bytes.subarray(1, 33), bytes.subarray(33)].map((half) => half.toString("base64url"));
  return crypto.subtle.importKey("jwk", { kty: "EC", crv: "P-256", x, y, d }, CURVE, false, ["deriveBits"]);
};
const importPublic = (point) => crypto.subtle.importKey("raw", fromBase64(point), CURVE, true, []);

/** Opens by the description in words (docs, Tablets), not by the code under test. */
async function open({ server, id }, sealed) {
  const bytes = fromBase64(sealed);
  assert.equal(bytes[0], 1);
  const [point, nonce, ciphertext] = [bytes.slice(1, 66), bytes.slice(66, 78), bytes.slice(78)];
  const privateKey = await importPrivate(server.private, server.public);
  const ephemeral = await crypto.subtle.importKey("raw", point, CURVE, false, []);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: ephemeral }, privateKey, 256);
  const base = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const hkdf = { name: "HKDF", hash: "SHA-256", salt: nonce, info: utf8("ventanilla-envelope-1") };
  const key = await crypto.subtle.deriveKey(hkdf, base, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
  const aes = { name: "AES-GCM", iv: nonce, additionalData: utf8(id + server.id) };
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(aes, key, ciphertext)));
}

test("the vector: the same key, nonce and content give the same bytes and receipt", async () => {
  const { server, ephemeral, nonce, id, content, sealed, receipt } = vector;
  const pair = { privateKey: await importPrivate(ephemeral.private, ephemeral.public), publicKey: await importPublic(ephemeral.public) };
  assert.deepEqual(await sealWith(pair, fromBase64(nonce), server, id, content), { sealed, receipt });
  assert.deepEqual(await open(vector, sealed), content);
});

test("every record has its own key and nonce, opens to its content, and its receipt is the hash of its bytes", async () => {
  const first = await seal(vector.server, vector.id, vector.content);
  const second = await seal(vector.server, vector.id, vector.content);
  assert.notEqual(first.sealed.slice(0, 88), second.sealed.slice(0, 88));
  for (const { sealed, receipt } of [first, second]) {
    assert.deepEqual(await open(vector, sealed), vector.content);
    assert.equal(receipt, toHex(await crypto.subtle.digest("SHA-256", fromBase64(sealed))));
  }
});

test("sealed under one id it does not open under another", async () => {
  const { sealed } = await seal(vector.server, vector.id, vector.content);
  await assert.rejects(open({ ...vector, id: vector.id.replace("8", "9") }, sealed));
});
