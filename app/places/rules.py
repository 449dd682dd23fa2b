"""Rules of desks: when one is open, and which values are valid."""

import re
from datetime import date
from functools import cache
from zoneinfo import available_timezones

from app.places.vocabulary import areas, programme

CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,19}")


def is_code(text: str) -> bool:
    """Whether a text is a valid desk code: at most 20 of A–Z, 0–9 and dash."""
    return CODE.fullmatch(text) is not None


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_time_zone(name: str) -> bool:
    """Whether a name is an IANA time zone of a place."""
    return name in _time_zones() and "/" in name


def state_on(opened_on: date, closed_on: date | None, day: date) -> str:
    """Return the state of a desk with these dates on a day: `open`, `closed` or `not_yet`."""
    if day < opened_on:
        return "not_yet"
    return "open" if is_open(opened_on, closed_on, day) else "closed"


def is_open(opened_on: date, closed_on: date | None, day: date) -> bool:
    """Whether a desk with these dates is open on a day; its last day counts (domain.md §1.4)."""
    return opened_on <= day and (closed_on is None or day <= closed_on)


def area_lies_in(pcode: str, country: str) -> bool:
    """Whether a first-level area belongs to a country."""
    area = areas().get(pcode)
    return area is not None and area.country == country


def is_whole_location(latitude: float | None, longitude: float | None) -> bool:
    """Whether latitude and longitude are both given or both missing."""
    return (latitude is None) == (longitude is None)


def closes_with_country(country: str, closed_on: date | None) -> date | None:
    """Return the last day of a desk: its own or that of its country in the programme, whichever is first."""
    left = programme()[country].left
    return min((day for day in (closed_on, left) if day is not None), default=None)
