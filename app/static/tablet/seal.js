// Seals a record to the server's public key: nobody can open it on this tablet, not even who wrote it.
"use strict";
(() => {
  const ventanilla = (self.ventanilla ||= {});
  const CURVE = { name: "ECDH", namedCurve: "P-256" }, INFO = "ventanilla-envelope-1";
  const subtle = self.crypto && crypto.subtle;
  const utf8 = (text) => new TextEncoder().encode(text);

  ventanilla.seal = async (key, id, content) => {
    const server = await subtle.importKey("raw", fromBase64(key.public), CURVE, false, []);
    const own = await subtle.generateKey(CURVE, false, ["deriveBits"]);
    const nonce = crypto.getRandomValues(new Uint8Array(12));
    const shared = await subtle.deriveBits({ name: "ECDH", public: server }, own.privateKey, 256);
    const lock = await lockFrom(shared, nonce);
    const hidden = await subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: utf8(id + key.id) }, lock, utf8(JSON.stringify(content)));
    const point = await subtle.exportKey("raw", own.publicKey);
    const sealed = joined([Uint8Array.of(1), new Uint8Array(point), nonce, new Uint8Array(hidden)]);
    return { sealed: toBase64(sealed), receipt: toHex(await subtle.digest("SHA-256", sealed)) };
  };
  async function lockFrom(shared, salt) {
    const base = await subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
    const how = { name: "HKDF", hash: "SHA-256", salt, info: utf8(INFO) };
    return subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  }

  // Version 4: another one would carry the moment of the consultation.
  ventanilla.uuid = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const b = crypto.getRandomValues(new Uint8Array(16));
    b[6] = (b[6] & 15) | 64; b[8] = (b[8] & 63) | 128;
    const h = toHex(b);
    return [h.slice(0, 8), h.slice(8, 12), h.slice(12, 16), h.slice(16, 20), h.slice(20)].join("-");
  };

  function joined(parts) {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    parts.forEach((part) => { whole.set(part, at); at += part.length; });
    return whole;
  }
  const toHex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const toBase64 = (bytes) => {
    let text = "";
    bytes.forEach((byte) => { text += String.fromCharCode(byte); });
    return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  };
  const fromBase64 = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
})();
