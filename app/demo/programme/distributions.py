"""Draws one of several codes by their shares; the same seed gives the same codes."""

from bisect import bisect
from collections.abc import Mapping
from itertools import accumulate
from random import Random


class Distribution:
    """Codes with their shares, which need not add up to 1 or 100."""

    def __init__(self, shares: Mapping[str, float]) -> None:
        self.codes = tuple(shares)
        self.limits = list(accumulate(shares.values()))

    def draw(self, rng: Random) -> str:
        """Return one code."""
        return self.codes[bisect(self.limits, rng.random() * self.limits[-1])]

    def draw_distinct(self, rng: Random, most: int) -> tuple[str, ...]:
        """Return up to `most` different codes, in the order of their draws."""
        return tuple(dict.fromkeys(self.draw(rng) for _ in range(most)))


def seeded_random(*names: object) -> Random:
    """Return a random generator whose seed is nothing but these names."""
    return Random("/".join(str(name) for name in names))  # noqa: S311 - invented people, no secret
