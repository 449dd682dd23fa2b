"""A request's reference: `R-7K3Q9`, four random signs and a check sign that finds a mistyped one."""

from collections.abc import Callable

from app.check_codes import generate_code, parse_code

RANDOM_SIGNS = 4
LENGTH = RANDOM_SIGNS + 1
LETTER = "R"


def draw_reference(draw: Callable[[int], int]) -> str:
    """Five signs; `draw(n)` gives a random whole number below n (secrets.randbelow)."""
    return generate_code("", RANDOM_SIGNS, draw)


def read_reference(text: str) -> str | None:
    """The five signs of a typed reference, with or without its `R-`; None where a sign is wrong."""
    plain = "".join(sign for sign in text.upper() if sign.isalnum())
    if len(plain) == LENGTH + 1 and plain.startswith(LETTER):
        plain = plain[1:]
    return parse_code(plain, LENGTH)


def shown(reference: str) -> str:
    """A reference as it is written everywhere."""
    return f"{LETTER}-{reference}"
