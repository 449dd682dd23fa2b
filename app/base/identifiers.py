"""Finds in a text about work what would identify a person: e-mail addresses and long numbers."""

import re
import unicodedata

E_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s.\-_/()·]+(?=\d)")
DIGIT_RUN = re.compile(r"\d{6,}")


def find_identifier(text: str) -> str | None:
    """What identifies somebody: `e_mail`, `number` (six digits in a row), or None (domain.md §8.3)."""
    plain = unicodedata.normalize("NFKC", text)
    if E_MAIL.search(plain):
        return "e_mail"
    return "number" if DIGIT_RUN.search(BETWEEN_DIGITS.sub("", plain)) else None
