"""Reads the figures of voluntary return of a month, as far as the account may see them."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, union_all

from app.counts.indicators.returns import RETURNS
from app.counts.queries.statement_params import (
    MONTH,
    FigureQuery,
    QueryShape,
    StatementRunner,
    narrow_by_index,
)
from app.counts.rules.returns import Departure, FigureReader, ReturnTotals, visible_codes
from app.returns.queries.requests import REQUESTS
from app.returns.rules.closing import DUPLICATE
from app.web.access import Scope

EVENT_MONTHS = {
    "opened": REQUESTS.c.opened_month,
    "withdrawn": REQUESTS.c.withdrawn_month,
    "handed_over": REQUESTS.c.handed_over_month,
}
DEPARTURE_COLUMNS = (
    "country",
    "departed_persons",
    "nationality",
    "transport_mode",
    "is_child_alone",
    "consent_on",
    "departed_on",
)


@dataclass(frozen=True)
class ReturnFigures:
    """Figures by code and the people who departed by split; None if one is hidden (or there is no median).

    `visible` holds the codes of both that are not hidden.
    """

    values: dict[str, int | float | None]
    departed: dict[str, dict[str, int] | None]
    visible: frozenset[str]


def get_return_figures(runner: StatementRunner, scope: Scope, query: FigureQuery) -> ReturnFigures:
    """Return the figures of a place and month that the account may see."""
    by_country = _totals_by_country(runner)
    total = merge_totals(by_country)
    visible = visible_codes(_reader(scope, query), total, by_country)
    values = {
        code: indicator.formula(total) if code in visible else None
        for code, indicator in RETURNS.items()
    }
    splits = total.departed_by_split().items()
    departed = {split: counts if split in visible else None for split, counts in splits}
    return ReturnFigures(values, departed, visible)


def _reader(scope: Scope, query: FigureQuery) -> FigureReader:
    """Return how an account reads a place's figures: exact ones are for the supervisor of its country."""
    country = query.country
    return FigureReader(country in scope.countries, query.desk is not None, country is None)


def merge_totals(by_country: dict[str, ReturnTotals]) -> ReturnTotals:
    """Return the totals of several countries as those of one place."""
    events: dict[str, int] = defaultdict(int)
    for totals in by_country.values():
        for code, n in totals.events.items():
            events[code] += n
    departures = [d for totals in by_country.values() for d in totals.departures]
    return ReturnTotals(dict(events), tuple(departures))


def _totals_by_country(runner: StatementRunner) -> dict[str, ReturnTotals]:
    """Return the exact totals of the month within the scope."""
    events: dict[str, dict[str, int]] = defaultdict(dict)
    for code, country, n in runner.rows(_events):
        events[country][code] = n
    departures: dict[str, list[Departure]] = defaultdict(list)
    for row in runner.rows(_departures):
        departures[row.country].append(_departure(row))
    return {
        country: ReturnTotals(events[country], tuple(departures[country]))
        for country in sorted(events.keys() | departures.keys())
    }


def _departure(row: Any) -> Departure:
    return Departure(
        tuple((sex, band, n) for sex, band, n in row.departed_persons),
        row.nationality,
        row.transport_mode,
        row.is_child_alone,
        (row.departed_on - row.consent_on).days,
    )


@cache
def _events(shape: QueryShape) -> Any:
    """Select the number of requests opened, withdrawn or handed over in the month, by country, without duplicates."""
    months = (_event(code, month, shape) for code, month in EVENT_MONTHS.items())
    events = union_all(*months).subquery()
    return select(events).order_by(events.c.code, events.c.country)


def _event(code: str, month: ColumnElement[Any], shape: QueryShape) -> Select[Any]:
    country = REQUESTS.c.country
    counts = select(literal(code).label("code"), country, func.count().label("n"))
    genuine = counts.where(month == MONTH, REQUESTS.c.closing_reason != DUPLICATE)
    return narrow_by_index(genuine, REQUESTS, shape).group_by(country)


@cache
def _departures(shape: QueryShape) -> Select[Any]:
    """Select the requests whose people departed in the month; removals and duplicates have no such month."""
    columns = (REQUESTS.c[name] for name in DEPARTURE_COLUMNS)
    statement = select(*columns).where(REQUESTS.c.departed_month == MONTH)
    return narrow_by_index(statement.order_by(REQUESTS.c.id), REQUESTS, shape)
