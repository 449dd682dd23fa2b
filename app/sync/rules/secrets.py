"""The one-time code that enrols a tablet and the credential that it sends with ever after."""

import secrets
from datetime import timedelta
from hashlib import sha256

from app.check_codes import generate_code, parse_code

CODE_SIGNS = 12
"""Fifty-five random bits and a check sign: nobody guesses one within its half hour."""
CODE_HOLDS = timedelta(minutes=30)


def draw_code() -> str:
    """A code to type or scan, without signs that look alike."""
    return generate_code("", CODE_SIGNS - 1, secrets.randbelow)


def read_code(text: str) -> str | None:
    """A typed or scanned code in its plain form; None where any sign of it is wrong."""
    return parse_code(text, CODE_SIGNS)


def shown(code: str) -> str:
    """A code in groups of four, as people read it aloud."""
    return "-".join(code[n : n + 4] for n in range(0, CODE_SIGNS, 4))


def draw_credential() -> str:
    """What an enrolled tablet sends with: 256 random bits as text."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What the database holds of a code or credential: SHA-256 in hex."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()
