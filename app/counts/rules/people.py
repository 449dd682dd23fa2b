"""Totals of people and consultations, and which people count in a period (counting.md)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.people.rules.reach import is_distinct


@dataclass(frozen=True)
class ReachCount:
    """`n` people who count: month of the contact and, if `is_known`, of the previous one (months yyyymm)."""

    month: int
    previous: int
    is_known: bool
    n: int


@dataclass(frozen=True)
class MonthVolume:
    """The live consultations of a month (yyyymm), tallies among them, persons present."""

    month: int
    consultations: int
    tallies: int
    persons: int


@dataclass(frozen=True)
class PeopleAggregates:
    """All sums that the figures of one month and of its reporting year to date are computed from.

    The methods are the formulas of `indicators.people`, which holds their definitions.
    """

    month: int
    year_start: int
    reach: tuple[ReachCount, ...]
    volumes: tuple[MonthVolume, ...]

    def consultations(self) -> int:
        return sum(v.consultations for v in self.volumes if v.month == self.month)

    def tallies(self) -> int:
        return sum(v.tallies for v in self.volumes if v.month == self.month)

    def persons_in_consultations(self) -> int:
        return sum(v.persons for v in self.volumes if v.month == self.month)

    def reached_low(self) -> int:
        return low(self.reach, self.month, self.month)

    def reached_unknown(self) -> int:
        return unknown(self.reach, self.month, self.month)

    def reached_high(self) -> int:
        return self.reached_low() + self.reached_unknown()

    def new(self) -> int:
        this_month = tuple(count for count in self.reach if count.month == self.month)
        return low(this_month, self.year_start, self.month)

    def year_reached_low(self) -> int:
        return low(self.reach, self.year_start, self.month)

    def year_reached_unknown(self) -> int:
        return unknown(self.reach, self.year_start, self.month)

    def year_reached_high(self) -> int:
        return self.year_reached_low() + self.year_reached_unknown()

    def year_consultations(self) -> int:
        year = range(self.year_start, self.month + 1)
        return sum(v.consultations for v in self.volumes if v.month in year)

    def year_persons_in_consultations(self) -> int:
        year = range(self.year_start, self.month + 1)
        return sum(v.persons for v in self.volumes if v.month in year)


def distinct(reach: Iterable[ReachCount], first: int, last: int) -> Iterator[ReachCount]:
    """Yield the counts whose people are distinct people of the period from month first to last."""
    return (
        count
        for count in reach
        if is_distinct(count.is_known, count.month, count.previous, first, last)
    )


def low(reach: Iterable[ReachCount], first: int, last: int) -> int:
    """Return the people of a period who are known to be distinct."""
    return sum(count.n for count in distinct(reach, first, last))


def unknown(reach: Iterable[ReachCount], first: int, last: int) -> int:
    """Return the people of a period of whom nobody can say whether they had come before."""
    return sum(count.n for count in reach if not count.is_known and first <= count.month <= last)


def is_minimum(low_figure: int, high_figure: int) -> bool:
    """Whether low must be called a minimum: unknown above a tenth of high (domain.md §3.4)."""
    return (high_figure - low_figure) * 10 > high_figure


def cross_sex_and_age(sex_age: dict[str, int]) -> Counter[tuple[str, str]]:
    """Return the people reached in a month by sex and age band, from codes like `female.age_25_59`."""
    crossed: Counter[tuple[str, str]] = Counter()
    for code, n in sex_age.items():
        sex, _, age_band = code.partition(".")
        crossed[sex, age_band] += n
    return crossed


def margin(crossed: Counter[tuple[str, str]], position: int) -> dict[str, int]:
    """Return the sums of a crossed table by its first (0) or second (1) attribute."""
    sums: Counter[str] = Counter()
    for key, n in crossed.items():
        sums[key[position]] += n
    return dict(sums)
