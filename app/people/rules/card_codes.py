"""The code on a visitor card: fifteen signs that say nothing of its bearer, and how a mistyped one is found."""

import hmac
from collections.abc import Callable, Collection
from hashlib import sha256

from app.check_codes import ALPHABET, generate_code, parse_code

RANDOM_CHARACTERS = 13
LENGTH = 1 + RANDOM_CHARACTERS + 1
BLOCK_LENGTH = 5


def generate_card_code(year: int, draw: Callable[[int], int]) -> str:
    """A new code of a reporting year; `draw(n)` gives a random whole number below n (secrets.randbelow)."""
    return generate_code(ALPHABET[year % len(ALPHABET)], RANDOM_CHARACTERS, draw)


def parse_card_code(text: str) -> str | None:
    """The code in a typed or scanned text, as fifteen signs; None where a sign is wrong, missing or too many."""
    return parse_code(text, LENGTH)


def format_card_code(code: str) -> str:
    """A code as it is printed: three fives with dashes between them."""
    return "-".join(code[start : start + BLOCK_LENGTH] for start in range(0, LENGTH, BLOCK_LENGTH))


def find_reporting_year(code: str, years: Collection[int]) -> int | None:
    """Which of these years (no two of them 32 apart) the code was made in; None where it is of none of them."""
    wanted = ALPHABET.index(code[0])
    return next((year for year in sorted(years) if year % len(ALPHABET) == wanted), None)


def digest_card_code(code: str, key: bytes) -> str:
    """What is stored of a code: HMAC-SHA256 with the key of its year, as 64 hexadecimal digits."""
    return hmac.new(key, code.encode(), sha256).hexdigest()
