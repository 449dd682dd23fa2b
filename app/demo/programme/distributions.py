"""Draws one of several answers by their shares, always the same for the same seed."""

from bisect import bisect
from collections.abc import Mapping
from itertools import accumulate
from random import Random


class Mix:
    """Answers with their shares; shares need not add up to anything."""

    def __init__(self, shares: Mapping[str, float]) -> None:
        self.codes = tuple(shares)
        self.limits = list(accumulate(shares.values()))

    def draw(self, chance: Random) -> str:
        """One answer."""
        return self.codes[bisect(self.limits, chance.random() * self.limits[-1])]

    def draw_some(self, chance: Random, most: int) -> tuple[str, ...]:
        """Up to `most` different answers, the first drawn first."""
        return tuple(dict.fromkeys(self.draw(chance) for _ in range(most)))


def chance_of(*named: object) -> Random:
    """A source of chance that depends on nothing but these names."""
    return Random("/".join(str(name) for name in named))  # noqa: S311 - invented people, no secret
