"""A request's reference, `R-7K3Q9`: four random characters and a check character that detects typing errors."""

from collections.abc import Callable

from app.check_codes import generate_code, parse_code

RANDOM_CHARACTERS = 4
LENGTH = RANDOM_CHARACTERS + 1
PREFIX = "R"


def generate_reference(random_below: Callable[[int], int]) -> str:
    """Return a new reference of five characters.

    `random_below(n)` returns a random integer from 0 to n - 1 (secrets.randbelow).
    """
    return generate_code("", RANDOM_CHARACTERS, random_below)


def parse_reference(text: str) -> str | None:
    """Return the five characters of a typed reference, with or without its `R-`; None if one is wrong."""
    plain = "".join(character for character in text.upper() if character.isalnum())
    if len(plain) == LENGTH + 1 and plain.startswith(PREFIX):
        plain = plain[1:]
    return parse_code(plain, LENGTH)


def format_reference(reference: str) -> str:
    """Return a reference as people write it: `R-7K3Q9`."""
    return f"{PREFIX}-{reference}"
