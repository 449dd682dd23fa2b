"""The code on a visitor card: fifteen characters that say nothing of its bearer, with a check against typing errors."""

import hmac
from collections.abc import Callable, Collection
from hashlib import sha256

from app.check_codes import ALPHABET, generate_code, parse_code

RANDOM_CHARACTERS = 13
LENGTH = 1 + RANDOM_CHARACTERS + 1
BLOCK_LENGTH = 5


def generate_card_code(year: int, draw: Callable[[int], int]) -> str:
    """Return a new code of a reporting year; `draw(n)` returns a random integer below n (secrets.randbelow)."""
    return generate_code(ALPHABET[year % len(ALPHABET)], RANDOM_CHARACTERS, draw)


def parse_card_code(text: str) -> str | None:
    """Return the code in a typed or scanned text as fifteen characters, None if its length or a character is wrong."""
    return parse_code(text, LENGTH)


def format_card_code(code: str) -> str:
    """Return a code as it is printed: three blocks of five characters with dashes between them."""
    return "-".join(code[start : start + BLOCK_LENGTH] for start in range(0, LENGTH, BLOCK_LENGTH))


def find_reporting_year(code: str, years: Collection[int]) -> int | None:
    """Return the one of these years that the code was made in, None if it is none of them.

    No two of the years may be 32 apart: the first character of a code is the year modulo 32.
    """
    remainder = ALPHABET.index(code[0])
    return next((year for year in sorted(years) if year % len(ALPHABET) == remainder), None)


def digest_card_code(code: str, key: bytes) -> str:
    """Return what is stored of a code: HMAC-SHA256 with the key of its year, as 64 hexadecimal digits."""
    return hmac.new(key, code.encode(), sha256).hexdigest()
