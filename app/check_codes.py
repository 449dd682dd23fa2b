"""Codes that people read aloud and type: Crockford's base 32 with a check character that detects typing errors."""

from collections.abc import Callable

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U
CHECK_PRIME = 37

_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212_"
_LOOKALIKES = {"O": "0", "I": "1", "L": "1"}
_NORMALIZED = str.maketrans({**dict.fromkeys(_DASHES), **_LOOKALIKES})


def generate_code(prefix: str, length: int, randbelow: Callable[[int], int]) -> str:
    """Return `prefix`, then `length` random characters, then their check character.

    `randbelow(n)` returns a random whole number from 0 to n - 1.
    """
    while True:
        code = prefix + "".join(ALPHABET[randbelow(len(ALPHABET))] for _ in range(length))
        check = _check_value(code)
        # Crockford's five further check characters (*~$=U) are never printed: they are hard to type.
        if check < len(ALPHABET):
            return code + ALPHABET[check]


def parse_code(text: str, length: int) -> str | None:
    """Return the code of `length` characters in a typed or scanned text; None if it or its check character is wrong.

    Every single wrong character and every swap of two different characters is detected: the check value is taken
    modulo 37, a prime, and no two positions have the same weight in it.
    """
    code = "".join(text.upper().split()).translate(_NORMALIZED)
    if len(code) != length or not set(code) <= set(ALPHABET):
        return None
    return code if ALPHABET.index(code[-1]) == _check_value(code[:-1]) else None


def _check_value(code: str) -> int:
    value = 0
    for character in code:
        value = (value * len(ALPHABET) + ALPHABET.index(character)) % CHECK_PRIME
    return value
