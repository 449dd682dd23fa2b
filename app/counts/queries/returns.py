"""Reads the figures of voluntary return of a month, as far as who asks may see them."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.counts.indicators.returns import reckon
from app.counts.queries import return_statements as statements
from app.counts.queries.asking import asking
from app.counts.queries.cells import Wanted
from app.counts.rules.returns import Departure, Reader, Returned, shown_to
from app.web.access import Scope


@dataclass(frozen=True)
class ReturnFigures:
    """Figures by code and the people who departed by split; None where one is hidden (or there is no median).

    `shown` holds the codes of both that are not hidden.
    """

    values: dict[str, int | float | None]
    departed: dict[str, dict[str, int] | None]
    shown: frozenset[str]


def get_return_figures(session: Session, scope: Scope, wanted: Wanted) -> ReturnFigures:
    """The figures of a place and month that the account may see."""
    by_country = get_returned(session, scope, wanted)
    whole = together(by_country)
    shown = shown_to(reader_of(scope, wanted), whole, by_country)
    values = {code: n if code in shown else None for code, n in reckon(whole).items()}
    split = whole.split().items()
    departed = {name: cells if name in shown else None for name, cells in split}
    return ReturnFigures(values, departed, shown)


def reader_of(scope: Scope, wanted: Wanted) -> Reader:
    """How an account looks at a place: exact figures are for the supervisor of its country."""
    country = wanted.country
    return Reader(country in scope.countries, wanted.desk is not None, country is None)


def together(by_country: dict[str, Returned]) -> Returned:
    """The facts of several countries as those of one place."""
    happened: dict[str, int] = defaultdict(int)
    for one in by_country.values():
        for code, n in one.happened.items():
            happened[code] += n
    departures = [each for one in by_country.values() for each in one.departures]
    return Returned(dict(happened), tuple(departures))


def get_returned(session: Session, scope: Scope, wanted: Wanted) -> dict[str, Returned]:
    """What happened in the month within the scope, by country; exact."""
    ask = asking(session, scope, wanted, {})
    happened: dict[str, dict[str, int]] = defaultdict(dict)
    for code, country, n in ask(statements.happened):
        happened[country][code] = n
    departures: dict[str, list[Departure]] = defaultdict(list)
    for row in ask(statements.departures):
        departures[row.country].append(_departure(row))
    return {
        country: Returned(happened[country], tuple(departures[country]))
        for country in sorted(happened.keys() | departures.keys())
    }


def _departure(row: Any) -> Departure:
    return Departure(
        tuple((sex, band, n) for sex, band, n in row.departed),
        row.nationality,
        row.transport_mode,
        row.is_child_alone,
        (row.departed_on - row.consent_on).days,
    )
