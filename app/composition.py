"""The composition of a group: numbers of people by sex and age band."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.codelists.shared_codelists import CHILDREN


@dataclass(frozen=True)
class PersonCount:
    """`n` people of one sex and age band."""

    sex: str
    age_band: str
    n: int


def count_persons(persons: Iterable[PersonCount]) -> int:
    """Return how many people a group has."""
    return sum(count.n for count in persons)


def is_child_alone(persons: Iterable[PersonCount]) -> bool:
    """Whether the group has children only: nobody is an adult or of unknown age."""
    bands = [count.age_band for count in persons]
    return bool(bands) and all(band in CHILDREN for band in bands)
