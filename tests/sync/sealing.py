"""Seals as a tablet does, written from outside.md alone: nothing of the app is used here."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from os import urandom
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def seal(key: dict[str, str], content: dict[str, Any], envelope_id: str = "") -> dict[str, Any]:
    """Return the envelope of a content, sealed to a key as `POST /sync/enrol` gives it."""
    return seal_bytes(key, json.dumps(content).encode(), envelope_id or content["id"])


def seal_bytes(key: dict[str, str], plain: bytes, envelope_id: str) -> dict[str, Any]:
    """Return the envelope of any bytes."""
    text = key["public"]
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    ephemeral, nonce = ec.generate_private_key(ec.SECP256R1()), urandom(12)
    shared = ephemeral.exchange(ec.ECDH(), public)
    info = b"ventanilla-envelope-1"
    secret = HKDF(algorithm=SHA256(), length=32, salt=nonce, info=info).derive(shared)
    ciphertext = AESGCM(secret).encrypt(nonce, plain, (envelope_id + key["id"]).encode())
    point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    sealed = urlsafe_b64encode(b"\x01" + point + nonce + ciphertext).decode().rstrip("=")
    return {"id": envelope_id, "key": key["id"], "format": 1, "sealed": sealed}


def sealed_bytes(envelope: dict[str, Any]) -> bytes:
    """Return the bytes that the receipt is a hash of."""
    text = envelope["sealed"]
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def receipt_of(envelope: dict[str, Any]) -> str:
    """Return the receipt that the server must give."""
    return sha256(sealed_bytes(envelope)).hexdigest()
