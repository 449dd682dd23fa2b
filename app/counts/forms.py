"""Reads place and month of the figures from the parameters of an address, as far as the account may see them."""

from collections.abc import Mapping

from app import clock
from app.counts.queries.statement_params import (
    MONTH_BEFORE,
    YEAR_BEFORE,
    FigureQuery,
    ResolvedQuery,
)
from app.db.session import db
from app.month import Month
from app.places.queries import DeskRow, list_desks
from app.places.vocabulary import programme
from app.web.access import Scope

EARLIEST = Month(2000, 1)
COMPARISONS = (MONTH_BEFORE, YEAR_BEFORE)
FORBIDDEN, MISSING = 403, 404


class QueryRefused(Exception):
    """There are no such figures (MISSING), or the account has to name one of its countries (FORBIDDEN)."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def read_query(scope: Scope, args: Mapping[str, str], year_begins: int) -> ResolvedQuery:
    """Return the query of an address. Raises QueryRefused if it does not exist or is not the account's.

    `year_begins` is the month (1 to 12) in which the reporting year begins.
    """
    compared = args.get("compare") or MONTH_BEFORE
    if args.get("revision", "0") != "0" or compared not in COMPARISONS:
        raise QueryRefused(MISSING)
    visible = list_desks(db.session(), scope)
    country, desk = _place(scope, args, visible)
    desks = [row for row in visible if country in (None, row.country)]
    latest = latest_month(country, desks)
    month = _month(args.get("month"), current_month(country), latest)
    if month is None:
        raise QueryRefused(MISSING)
    query = FigureQuery(country, desk, month, month.reporting_year_start(year_begins), compared)
    return ResolvedQuery(query, (desk,) if desk else tuple(desks), latest)


def _place(
    scope: Scope, args: Mapping[str, str], visible: list[DeskRow]
) -> tuple[str | None, DeskRow | None]:
    code, country = args.get("desk"), args.get("country") or None
    if country is not None and country not in programme():
        raise QueryRefused(MISSING)
    if scope.programme and not code:
        return country, None
    if scope.countries and not code:
        return _own_country(scope, country)
    own = [
        desk
        for desk in visible
        if country in (None, desk.country) and code in (None, "", desk.code)
    ]
    if scope.programme or not own:
        raise QueryRefused(MISSING)
    return own[0].country, own[0]


def _own_country(scope: Scope, country: str | None) -> tuple[str | None, None]:
    if country is None:
        raise QueryRefused(FORBIDDEN)
    if country not in scope.countries:
        raise QueryRefused(MISSING)
    return country, None


def _month(text: str | None, current: Month, latest: Month) -> Month | None:
    try:
        month = Month.parse(text) if text else current
    except ValueError:
        return None
    return month if EARLIEST <= month <= latest else None


def current_month(country: str | None) -> Month:
    """Return the month in a country now; for the programme the last that has begun in any country."""
    zones = [place.time_zone for code, place in programme().items() if country in (None, code)]
    return max(Month.containing(clock.today_at(zone)) for zone in zones)


def latest_month(country: str | None, desks: list[DeskRow]) -> Month:
    """Return the last month that has begun in a country or at any of its desks."""
    begun = [
        Month.containing(clock.today_at(zone))
        for zone in sorted({desk.time_zone for desk in desks})
    ]
    return max([current_month(country), *begun])
