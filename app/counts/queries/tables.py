"""The tables under the figures, a line per country, desk or month, and the months that can be compared with."""

from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from app.counts.queries.figures import list_active_desks
from app.counts.queries.people import Breakdowns
from app.counts.queries.statement_params import TREND_MONTHS, FigureQuery, ResolvedQuery
from app.counts.rules.people import PeopleAggregates, ReachCount, low, unknown
from app.month import Month, months_between
from app.places.vocabulary import programme


@dataclass(frozen=True)
class PlaceLine:
    """One country, or one desk (which has a name): its active desks and the month's figures."""

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


@dataclass(frozen=True)
class ComparedRecords:
    """Whether the month compared with, and the reporting year to date up to it, have records.

    `first` is the first month with records of that year to date, None if it is the year's first month.
    """

    has_month: bool
    has_year: bool
    first: Month | None


def list_places(resolved: ResolvedQuery, breakdowns: Breakdowns) -> list[PlaceLine]:
    """Return a line per country of the programme that month, or per desk of a country; biggest first."""
    place_lines = _desk_lines if resolved.query.country else _country_lines
    lines = place_lines(resolved, breakdowns)
    return sorted(lines, key=lambda line: (-line.reached, -line.consultations, line.code))


def _country_lines(resolved: ResolvedQuery, breakdowns: Breakdowns) -> list[PlaceLine]:
    month = resolved.query.month
    active = Counter(desk.country for desk in list_active_desks(month, resolved.desks))
    consultations, *people = _sums(breakdowns, "country")
    codes = sorted({*active, *consultations, *_countries_in(month)})
    return [
        PlaceLine(code, "", active[code], consultations[code], *(sums[code] for sums in people))
        for code in codes
    ]


def _desk_lines(resolved: ResolvedQuery, breakdowns: Breakdowns) -> list[PlaceLine]:
    active = {desk.id for desk in list_active_desks(resolved.query.month, resolved.desks)}
    consultations, *people = _sums(breakdowns, "desk_id")
    return [
        PlaceLine(
            desk.code,
            desk.name,
            int(desk.id in active),
            consultations[desk.id],
            *(sums[desk.id] for sums in people),
        )
        for desk in resolved.desks
        if desk.id in active or desk.id in consultations
    ]


def _countries_in(month: Month) -> list[str]:
    """Return the countries that are part of the programme in a month."""
    first, last = month.first_day, month.last_day
    return [code for code, country in programme().items() if country.is_in(first, last)]


def _sums(breakdowns: Breakdowns, place: str) -> list[Counter[Any]]:
    """Return consultations, persons reached, women, children and new persons by `country` or `desk_id`."""
    consultations, reached, women, children, new = sums = [Counter[Any]() for _ in range(5)]
    for volume in breakdowns.consultations:
        consultations[getattr(volume, place)] += volume.consultations
    for people in breakdowns.people:
        key = getattr(people, place)
        reached[key] += people.reached
        women[key] += people.women
        children[key] += people.children
    for arrivals in breakdowns.new_people:
        new[getattr(arrivals, place)] += arrivals.new
    return sums


def list_months(query: FigureQuery, aggregates: PeopleAggregates) -> list[MonthLine]:
    """Return a line for each of the twelve months up to the query's."""
    months = months_between(query.month.plus(1 - TREND_MONTHS), query.month)
    by_month: dict[int, list[ReachCount]] = {int(month): [] for month in months}
    for count in aggregates.reach:
        by_month.get(count.month, []).append(count)
    return [_month_line(month, query, by_month[int(month)]) for month in months]


def _month_line(month: Month, query: FigureQuery, reach: list[ReachCount]) -> MonthLine:
    start, number = month.reporting_year_start(query.year_start.number), int(month)
    return MonthLine(
        month,
        low(reach, number, number),
        low(reach, int(start), number),
        unknown(reach, number, number),
    )


def list_year(query: FigureQuery, months: list[MonthLine]) -> list[tuple[MonthLine, int]]:
    """Return the months of the reporting year to date, each with all new persons of the year up to it."""
    year = [line for line in months if line.month >= query.year_start]
    return list(zip(year, accumulate(line.new for line in year), strict=True))


def compared_records(query: FigureQuery, aggregates: PeopleAggregates) -> ComparedRecords:
    """Return which months there are to compare with."""
    before = query.before
    months = months_between(before.reporting_year_start(query.year_start.number), before)
    with_records = {volume.month for volume in aggregates.volumes if volume.consultations}
    recorded = [month for month in months if int(month) in with_records]
    first = recorded[0] if recorded and recorded[0] > months[0] else None
    return ComparedRecords(before in recorded, bool(recorded), first)
