"""Decryption of what a tablet encrypted to the server's public key (outside.md, Tablets; tablets.md 6)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

VERSION = 1
POINT, NONCE, TAG = 65, 12, 16
INFO = b"ventanilla-envelope-1"
MIN_SEALED_BYTES = 1 + POINT + NONCE + TAG


class DecryptionError(Exception):
    """The bytes were not encrypted to this key under this id, or were changed since."""


def from_base64url(sealed: str) -> bytes | None:
    """Decode base64url without padding; None if the text is not that."""
    if not sealed.isascii() or any(char in sealed for char in "+/= \n\r\t"):
        return None
    try:
        return urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    except ValueError:
        return None


def to_base64url(sealed: bytes) -> str:
    """Encode as base64url without padding."""
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def compute_receipt(sealed: bytes) -> str:
    """Return the receipt of sealed bytes: SHA-256 in hex; never of the content, whose few fields could be guessed."""
    return sha256(sealed).hexdigest()


@cache
def private_key(scalar: bytes) -> ec.EllipticCurvePrivateKey:
    """Return the P-256 key of its 32 bytes."""
    return ec.derive_private_key(int.from_bytes(scalar), ec.SECP256R1())


def encode_public_key(scalar: bytes) -> str:
    """Return the public key that a tablet encrypts to: its raw point, 65 bytes, as base64url."""
    public = private_key(scalar).public_key()
    return to_base64url(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def decrypt(scalar: bytes, envelope_id: str, key_id: str, sealed: bytes) -> bytes:
    """Decrypt sealed bytes; raises DecryptionError if they, their id or their key were changed."""
    if len(sealed) < MIN_SEALED_BYTES or sealed[0] != VERSION:
        raise DecryptionError
    point, rest = sealed[1 : 1 + POINT], sealed[1 + POINT :]
    nonce, ciphertext = rest[:NONCE], rest[NONCE:]
    try:
        ephemeral = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        shared = private_key(scalar).exchange(ec.ECDH(), ephemeral)
        key = HKDF(algorithm=SHA256(), length=32, salt=nonce, info=INFO).derive(shared)
        return AESGCM(key).decrypt(nonce, ciphertext, (envelope_id + key_id).encode())
    except (ValueError, InvalidTag) as error:
        raise DecryptionError from error
