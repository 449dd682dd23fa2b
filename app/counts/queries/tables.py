"""The tables under the figures: a line per country, desk or month."""

from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from app.counts.queries.cells import TREND, Asked, Wanted
from app.counts.queries.figures import list_active
from app.counts.rules.people import Cells, Parts, Reach, low, unknown
from app.month import Month, months_between
from app.places.vocabulary import programme


@dataclass(frozen=True)
class Line:
    """One country or desk (which has a name): desks active and the month's figures."""

    code: str
    name: str
    desks: int
    consultations: int
    reached: int
    women: int
    children: int
    new: int


@dataclass(frozen=True)
class MonthLine:
    """One month: persons reached and new persons at least, and those who do not know about before."""

    month: Month
    reached: int
    new: int
    unknown: int

    @property
    def unknown_share(self) -> float:
        """The share (0 to 1) of the month's possible persons who do not know about before."""
        return self.unknown / max(self.reached + self.unknown, 1)


def list_lines(asked: Asked, parts: Parts) -> list[Line]:
    """A line per country of the programme that month, or per desk of a country; biggest first."""
    found = _desk_lines if asked.wanted.country else _country_lines
    lines = found(asked, parts)
    return sorted(lines, key=lambda line: (-line.reached, -line.consultations, line.code))


def _country_lines(asked: Asked, parts: Parts) -> list[Line]:
    active = Counter(desk.country for desk in list_active(asked.wanted.month, asked.desks))
    volumes = _volumes(parts, "country")
    sums = _sums(parts, "country")
    codes = sorted({*active, *volumes, *_in_programme(asked.wanted)})
    return [Line(code, "", active[code], volumes[code], *(s[code] for s in sums)) for code in codes]


def _desk_lines(asked: Asked, parts: Parts) -> list[Line]:
    active = {desk.id for desk in list_active(asked.wanted.month, asked.desks)}
    volumes = _volumes(parts, "desk_id")
    sums = _sums(parts, "desk_id")
    return [
        Line(
            desk.code,
            desk.name,
            int(desk.id in active),
            volumes[desk.id],
            *(some[desk.id] for some in sums),
        )
        for desk in asked.desks
        if desk.id in active or desk.id in volumes
    ]


def _in_programme(wanted: Wanted) -> list[str]:
    first, last = wanted.month.first_day, wanted.month.last_day
    return [code for code, one in programme().items() if one.is_in(first, last)]


def _volumes(parts: Parts, key: str) -> Counter[Any]:
    sums: Counter[Any] = Counter()
    for volume in parts.volumes:
        sums[getattr(volume, key)] += volume.consultations
    return sums


def _sums(parts: Parts, key: str) -> list[Counter[Any]]:
    reached, women, children, new = sums = [Counter[Any]() for _ in range(4)]
    for some in parts.placed:
        place = getattr(some, key)
        reached[place] += some.reached
        women[place] += some.women
        children[place] += some.children
    for one in parts.new:
        new[getattr(one, key)] += one.new
    return sums


def list_months(wanted: Wanted, cells: Cells) -> list[MonthLine]:
    """A line for each of the twelve months up to the wanted one."""
    months = months_between(wanted.month.plus(1 - TREND), wanted.month)
    by_month: dict[int, list[Reach]] = {int(month): [] for month in months}
    for some in cells.reaches:
        by_month.get(some.month, []).append(some)
    return [_month_line(month, wanted, by_month[int(month)]) for month in months]


def _month_line(month: Month, wanted: Wanted, reaches: list[Reach]) -> MonthLine:
    start, number = month.reporting_year_start(wanted.year_start.number), int(month)
    return MonthLine(
        month,
        low(reaches, number, number),
        low(reaches, int(start), number),
        unknown(reaches, number, number),
    )


def list_year(wanted: Wanted, months: list[MonthLine]) -> list[tuple[MonthLine, int]]:
    """The months of the reporting year to date, each with all new persons of the year up to it."""
    year = [line for line in months if line.month >= wanted.year_start]
    return list(zip(year, accumulate(line.new for line in year), strict=True))
