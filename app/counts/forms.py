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


def read_query(scope: Scope, args: Mapping[str, str], year_begins: int) -> ResolvedQuery | int:
    """Return the query of an address; 403 or 404 if it does not exist or is not the account's.

    `year_begins` is the month (1 to 12) in which the reporting year begins.
    """
    compared = args.get("compare") or MONTH_BEFORE
    if args.get("revision", "0") != "0" or compared not in COMPARISONS:
        return MISSING
    visible = list_desks(db.session(), scope)
    place = _place(scope, args, visible)
    if isinstance(place, int):
        return place
    country, desk = place
    desks = [row for row in visible if country in (None, row.country)]
    latest = latest_month(country, desks)
    month = _month(args.get("month"), current_month(country), latest)
    if month is None:
        return MISSING
    query = FigureQuery(country, desk, month, month.reporting_year_start(year_begins), compared)
    return ResolvedQuery(query, (desk,) if desk else tuple(desks), latest)


def _place(
    scope: Scope, args: Mapping[str, str], visible: list[DeskRow]
) -> tuple[str | None, DeskRow | None] | int:
    code, country = args.get("desk"), args.get("country") or None
    if country is not None and country not in programme():
        return MISSING
    if scope.programme:
        return MISSING if code else (country, None)
    if scope.countries and not code:
        return _own_country(scope, country)
    own = [
        desk
        for desk in visible
        if country in (None, desk.country) and code in (None, "", desk.code)
    ]
    return (own[0].country, own[0]) if own else MISSING


def _own_country(scope: Scope, country: str | None) -> tuple[str | None, None] | int:
    if country is None:
        return FORBIDDEN
    return (country, None) if country in scope.countries else MISSING


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
