"""Cells of people and of consultations, and which people count in a period (counting.md)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from app.people.rules import is_distinct


@dataclass(frozen=True)
class Reach:
    """`n` people who count: when they came and, where `known`, when before (months yyyymm)."""

    month: int
    previous: int
    known: bool
    n: int


@dataclass(frozen=True)
class Profile(Reach):
    """`n` people of one profile at one desk."""

    country: str
    desk_id: int
    sex: str
    age_band: str
    nationality: str
    situation: str
    main_topic: str


@dataclass(frozen=True)
class Named(Reach):
    """`n` people whose consultation names these topics."""

    topics: tuple[str, ...]


@dataclass(frozen=True)
class Volume:
    """The live consultations of one desk and month, tallies among them, people present."""

    country: str
    desk_id: int
    month: int
    consultations: int
    tallies: int
    persons: int
    last_received_at: datetime


@dataclass(frozen=True)
class Cells:
    """All that the figures of one month and of its reporting year to date are reckoned from."""

    month: int
    year_start: int
    reaches: tuple[Reach, ...]
    volumes: tuple[Volume, ...]


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


def split(cells: Iterable[Profile], by: str, month: int) -> dict[str, int]:
    """People reached in a month by one attribute of their profile; adds up to the low figure."""
    parts: Counter[str] = Counter()
    for some in counted(cells, month, month):
        parts[str(getattr(some, by))] += some.n
    return dict(parts)


def split_by_any_topic(cells: Iterable[Named], month: int) -> dict[str, int]:
    """People reached in a month by every topic that their consultation names; does not add up."""
    parts: Counter[str] = Counter()
    for some in counted(cells, month, month):
        for topic in some.topics:
            parts[topic] += some.n
    return dict(parts)
