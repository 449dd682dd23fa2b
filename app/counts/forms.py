"""Reads whose figures of which month an address asks for, as far as the account may see them."""

from collections.abc import Mapping

from app import clock
from app.counts.queries.cells import MONTH_BEFORE, YEAR_BEFORE, Asked, Wanted
from app.db.session import db
from app.month import Month
from app.places.queries import DeskRow, list_desks
from app.places.vocabulary import programme
from app.web.access import Scope

EARLIEST = Month(2000, 1)
COMPARISONS = (MONTH_BEFORE, YEAR_BEFORE)
FORBIDDEN, MISSING = 403, 404


def read(scope: Scope, said: Mapping[str, str], year_begins: int) -> Asked | int:
    """What an address asks for; 403 or 404 where it is not there or not theirs."""
    compared = said.get("compare") or MONTH_BEFORE
    if said.get("revision", "0") != "0" or compared not in COMPARISONS:
        return MISSING
    seen = list_desks(db.session(), scope)
    place = _place(scope, said, seen)
    if isinstance(place, int):
        return place
    country, desk = place
    here = [one for one in seen if country in (None, one.country)]
    latest = latest_month(country, here)
    month = _month(said.get("month"), current_month(country), latest)
    if month is None:
        return MISSING
    wanted = Wanted(country, desk, month, month.reporting_year_start(year_begins), compared)
    return Asked(wanted, (desk,) if desk else tuple(here), latest)


def _place(
    scope: Scope, said: Mapping[str, str], seen: list[DeskRow]
) -> tuple[str | None, DeskRow | None] | int:
    code, country = said.get("desk"), said.get("country") or None
    if country is not None and country not in programme():
        return MISSING
    if scope.programme:
        return MISSING if code else (country, None)
    if scope.countries and not code:
        return _own_country(scope, country)
    own = [one for one in seen if country in (None, one.country) and code in (None, "", one.code)]
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
    """The month in a country now; for the programme the last begun in any country."""
    zones = [one.time_zone for code, one in programme().items() if country in (None, code)]
    return max(Month.of(clock.today_at(zone)) for zone in zones)


def latest_month(country: str | None, desks: list[DeskRow]) -> Month:
    """The last month that has begun in a country or at any of its desks."""
    begun = [Month.of(clock.today_at(zone)) for zone in sorted({desk.time_zone for desk in desks})]
    return max([current_month(country), *begun])
