"""Codes that people read aloud and type: Crockford's base 32 with a check sign, and how a mistyped one is found."""

from collections.abc import Callable

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U
CHECK_PRIME = 37

_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212_"
_LOOKALIKES = {"O": "0", "I": "1", "L": "1"}
_READ_AS = str.maketrans({**dict.fromkeys(_DASHES), **_LOOKALIKES})


def generate_code(first: str, n: int, draw: Callable[[int], int]) -> str:
    """`first`, then n random signs, then their check sign; `draw(n)` gives a random whole number below n."""
    while True:
        signs = first + "".join(ALPHABET[draw(len(ALPHABET))] for _ in range(n))
        check = _check_value(signs)
        # Crockford's five further check signs (*~$=U) are never printed: they are hard to type.
        if check < len(ALPHABET):
            return signs + ALPHABET[check]


def parse_code(text: str, length: int) -> str | None:
    """So many signs, the last of them the check sign, from a typed or scanned text; None where any is wrong.

    Every single wrong sign and every swap of two different signs is found: 37 is prime and no two places weigh
    the same in it.
    """
    signs = "".join(text.upper().split()).translate(_READ_AS)
    if len(signs) != length or not set(signs) <= set(ALPHABET):
        return None
    return signs if ALPHABET.index(signs[-1]) == _check_value(signs[:-1]) else None


def _check_value(signs: str) -> int:
    value = 0
    for sign in signs:
        value = (value * len(ALPHABET) + ALPHABET.index(sign)) % CHECK_PRIME
    return value
