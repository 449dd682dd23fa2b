"""Sums of people and of consultations, and which people count in a period (counting.md)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from app.people.rules.reach import is_distinct


@dataclass(frozen=True)
class Reach:
    """`n` people who count: when they came and, where `known`, when before (months yyyymm)."""

    month: int
    previous: int
    known: bool
    n: int


@dataclass(frozen=True)
class Placed:
    """The distinct people of the month at one desk of a country, women and children among them."""

    country: str
    desk_id: int
    reached: int
    women: int
    children: int


@dataclass(frozen=True)
class PlacedNew:
    """The people of the month at one desk whose first contact of the reporting year it was."""

    country: str
    desk_id: int
    new: int


@dataclass(frozen=True)
class Volume:
    """The live consultations of a month, tallies among them, people present."""

    month: int
    consultations: int
    tallies: int
    persons: int


@dataclass(frozen=True)
class PlacedVolume:
    """The live consultations of one desk in the month, and when the last one was received."""

    country: str
    desk_id: int
    consultations: int
    last_received_at: datetime


@dataclass(frozen=True)
class Cells:
    """All that the figures of one month and of its reporting year to date are reckoned from."""

    month: int
    year_start: int
    reaches: tuple[Reach, ...]
    volumes: tuple[Volume, ...]


@dataclass(frozen=True)
class Parts:
    """What a month's breakdowns are made of: the people who count by attribute, and what happened where.

    `by` holds one mapping of code to people for each of people.rules.cells.PARTS.
    """

    by: dict[str, dict[str, int]]
    placed: tuple[Placed, ...]
    new: tuple[PlacedNew, ...]
    volumes: tuple[PlacedVolume, ...]


Cell = TypeVar("Cell", bound=Reach)


def counted(cells: Iterable[Cell], first: int, last: int) -> Iterator[Cell]:
    """The cells whose people are distinct people of the period from month first to last."""
    return (
        some for some in cells if is_distinct(some.known, some.month, some.previous, first, last)
    )


def low(cells: Iterable[Reach], first: int, last: int) -> int:
    """Distinct people of a period who are known to be so."""
    return sum(some.n for some in counted(cells, first, last))


def unknown(cells: Iterable[Reach], first: int, last: int) -> int:
    """People of a period of whom nobody can say whether they had come before."""
    return sum(some.n for some in cells if not some.known and first <= some.month <= last)


def is_minimum(low_figure: int, high_figure: int) -> bool:
    """Whether low must be called a minimum: unknown above a tenth of high (domain.md §3.4)."""
    return (high_figure - low_figure) * 10 > high_figure


def split_by_place(placed: Iterable[Placed], by: str) -> dict[str, int]:
    """People reached in a month by country or desk; adds up to the low figure."""
    sums: Counter[str] = Counter()
    for some in placed:
        sums[str(getattr(some, by))] += some.reached
    return {place: n for place, n in sums.items() if n}


def cross_sex_and_age(sex_age: dict[str, int]) -> Counter[tuple[str, str]]:
    """People reached in a month by sex and age band, from codes like `female.age_25_59`."""
    crossed: Counter[tuple[str, str]] = Counter()
    for code, n in sex_age.items():
        sex, _, age_band = code.partition(".")
        crossed[sex, age_band] += n
    return crossed


def margin(crossed: Counter[tuple[str, str]], place: int) -> dict[str, int]:
    """The sums of a crossed table by its first (0) or second (1) attribute."""
    sums: Counter[str] = Counter()
    for key, n in crossed.items():
        sums[key[place]] += n
    return dict(sums)
