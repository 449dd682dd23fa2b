"""Who is in a group: so many people of one sex and age band."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.codelists.shared_codelists import CHILDREN


@dataclass(frozen=True)
class PersonCount:
    """`n` people of one sex and age band."""

    sex: str
    age_band: str
    n: int


def count_persons(party: Iterable[PersonCount]) -> int:
    """How many people a group has."""
    return sum(some.n for some in party)


def is_child_alone(party: Iterable[PersonCount]) -> bool:
    """Whether nobody in the group is an adult or of an unknown age."""
    bands = [some.age_band for some in party]
    return bool(bands) and all(band in CHILDREN for band in bands)
