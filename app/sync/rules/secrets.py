"""The one-time code that enrols a tablet, and the credential that it sends with afterwards."""

import secrets
from datetime import timedelta
from hashlib import sha256

from app.check_codes import generate_code, parse_code

# Fifty-five random bits and a check character: nobody guesses one within its half hour.
CODE_LENGTH = 12
CODE_LIFETIME = timedelta(minutes=30)


def generate_enrolment_code() -> str:
    """Return a new code to type or scan, without characters that are easily confused."""
    return generate_code("", CODE_LENGTH - 1, secrets.randbelow)


def parse_enrolment_code(text: str) -> str | None:
    """Return a typed or scanned code in its plain form; None if any character of it is wrong."""
    return parse_code(text, CODE_LENGTH)


def format_enrolment_code(code: str) -> str:
    """Return a code in groups of four, as people read it aloud."""
    return "-".join(code[n : n + 4] for n in range(0, CODE_LENGTH, 4))


def generate_credential() -> str:
    """Return a new credential: 256 random bits as text."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return what is stored of a code or credential: SHA-256 in hex."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()
