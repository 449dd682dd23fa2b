// @ts-check
// Seals a record to the server's public key: nobody can open it on this tablet, not even its author.
import { fromBase64, toBase64, toHex, utf8 } from "../lib/encoding.js";

const CURVE = { name: "ECDH", namedCurve: "P-256" };
const INFO = "ventanilla-envelope-1";
const FORMAT_VERSION = 1;

/**
 * The sealed bytes as base64url, and the receipt that the server must answer: SHA-256 of these bytes.
 * @param {{ id: string, public: string }} key
 * @param {string} id
 * @param {unknown} content
 */
export async function seal(key, id, content) {
  const { subtle } = crypto;
  const ephemeral = await subtle.generateKey(CURVE, false, ["deriveBits"]);
  return sealWith(ephemeral, crypto.getRandomValues(new Uint8Array(12)), key, id, content);
}

/**
 * For the test vectors, which name the ephemeral key and the nonce; each record has its own.
 * @param {CryptoKeyPair} ephemeral
 * @param {Uint8Array<ArrayBuffer>} nonce
 * @param {{ id: string, public: string }} key
 * @param {string} id
 * @param {unknown} content
 */
export async function sealWith(ephemeral, nonce, key, id, content) {
  const { subtle } = crypto;
  const server = await subtle.importKey("raw", fromBase64(key.public), CURVE, false, []);
  const shared = await subtle.deriveBits({ name: "ECDH", public: server }, ephemeral.privateKey, 256);
  const sealingKey = await deriveKey(shared, nonce);
  const parameters = { name: "AES-GCM", iv: nonce, additionalData: utf8(id + key.id) };
  const ciphertext = await subtle.encrypt(parameters, sealingKey, utf8(JSON.stringify(content)));
  const point = await subtle.exportKey("raw", ephemeral.publicKey);
  const sealed = concatenate([Uint8Array.of(FORMAT_VERSION), new Uint8Array(point), nonce, new Uint8Array(ciphertext)]);
  return { sealed: toBase64(sealed), receipt: toHex(await subtle.digest("SHA-256", sealed)) };
}

/**
 * @param {ArrayBuffer} shared
 * @param {Uint8Array<ArrayBuffer>} salt
 */
async function deriveKey(shared, salt) {
  const { subtle } = crypto;
  const base = await subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt, info: utf8(INFO) };
  return subtle.deriveKey(parameters, base, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
}

/** @param {Uint8Array[]} parts */
function concatenate(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
