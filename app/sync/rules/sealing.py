"""Opens what a tablet sealed to the server's public key (outside.md, Tablets; tablets.md 6)."""

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
SHORTEST = 1 + POINT + NONCE + TAG


class Unreadable(Exception):
    """The bytes were not sealed to this key under this id, or were changed since."""


def from_text(sealed: str) -> bytes | None:
    """The bytes of a base64url text without padding; None where it is none."""
    if not sealed.isascii() or any(sign in sealed for sign in "+/= \n\r\t"):
        return None
    try:
        return urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    except ValueError:
        return None


def as_text(sealed: bytes) -> str:
    """The bytes as base64url without padding."""
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def receipt_of(sealed: bytes) -> str:
    """The receipt of sealed bytes: SHA-256 in hex; never of what is in them, whose few fields could be guessed."""
    return sha256(sealed).hexdigest()


@cache
def private_key(scalar: bytes) -> ec.EllipticCurvePrivateKey:
    """The P-256 key of its 32 bytes."""
    return ec.derive_private_key(int.from_bytes(scalar), ec.SECP256R1())


def public_text(scalar: bytes) -> str:
    """What a tablet seals to: the raw point of the public key, 65 bytes, as base64url."""
    public = private_key(scalar).public_key()
    return as_text(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def unseal(scalar: bytes, envelope_id: str, key_id: str, sealed: bytes) -> bytes:
    """What was sealed; raises Unreadable where anything of it, its id or its key is not what it was."""
    if len(sealed) < SHORTEST or sealed[0] != VERSION:
        raise Unreadable
    point, rest = sealed[1 : 1 + POINT], sealed[1 + POINT :]
    nonce, locked = rest[:NONCE], rest[NONCE:]
    try:
        other = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        shared = private_key(scalar).exchange(ec.ECDH(), other)
        key = HKDF(algorithm=SHA256(), length=32, salt=nonce, info=INFO).derive(shared)
        return AESGCM(key).decrypt(nonce, locked, (envelope_id + key_id).encode())
    except (ValueError, InvalidTag) as error:
        raise Unreadable from error
