"""The code on a visitor card: fifteen signs that say nothing of its bearer, and how a mistyped one is found."""

import hmac
from collections.abc import Callable, Collection
from hashlib import sha256

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
RANDOM_SIGNS = 13
LENGTH = 1 + RANDOM_SIGNS + 1
FIVE = 5
CHECK_PRIME = 37

_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212_"
_LOOKALIKES = {"O": "0", "I": "1", "L": "1"}
_READ_AS = str.maketrans({**dict.fromkeys(_DASHES), **_LOOKALIKES})


def make_code(year: int, draw: Callable[[int], int]) -> str:
    """A new code of a reporting year; `draw(n)` gives a random whole number below n (secrets.randbelow)."""
    while True:
        drawn = "".join(ALPHABET[draw(len(ALPHABET))] for _ in range(RANDOM_SIGNS))
        signs = ALPHABET[year % len(ALPHABET)] + drawn
        check = _check_value(signs)
        # Crockford's five further check signs (*~$=U) are never printed: they are hard to type.
        if check < len(ALPHABET):
            return signs + ALPHABET[check]


def read_code(text: str) -> str | None:
    """The code in a typed or scanned text, as fifteen signs; None where a sign is wrong, missing or too many.

    Every single wrong sign and every swap of two different signs is found: 37 is prime and no two places weigh
    the same in it.
    """
    signs = "".join(text.upper().split()).translate(_READ_AS)
    if len(signs) != LENGTH or not set(signs) <= set(ALPHABET):
        return None
    return signs if ALPHABET.index(signs[-1]) == _check_value(signs[:-1]) else None


def shown(code: str) -> str:
    """A code as it is printed: three fives with dashes between them."""
    return "-".join(code[start : start + FIVE] for start in range(0, LENGTH, FIVE))


def year_of(code: str, years: Collection[int]) -> int | None:
    """Which of these years (no two of them 32 apart) the code was made in; None where it is of none of them."""
    wanted = ALPHABET.index(code[0])
    return next((year for year in sorted(years) if year % len(ALPHABET) == wanted), None)


def digest_of(code: str, key: bytes) -> str:
    """What is stored of a code: HMAC-SHA256 with the key of its year, as 64 hexadecimal digits."""
    return hmac.new(key, code.encode(), sha256).hexdigest()


def _check_value(signs: str) -> int:
    value = 0
    for sign in signs:
        value = (value * len(ALPHABET) + ALPHABET.index(sign)) % CHECK_PRIME
    return value
