"""When a desk is open, and what a desk must be like."""

from datetime import date

from app.places.vocabulary import areas, programme


def is_open(opened_on: date, closed_on: date | None, day: date) -> bool:
    """Whether a desk with these dates is open on a day; its last day counts (domain.md §1.4)."""
    return opened_on <= day and (closed_on is None or day <= closed_on)


def closed_or_not_yet(opened_on: date, closed_on: date | None, day: date) -> str | None:
    """The problem code of recording on a day at a desk with these dates, None where it is open."""
    if day < opened_on:
        return "before_opening"
    return None if is_open(opened_on, closed_on, day) else "desk_closed"


def area_lies_in(pcode: str, country: str) -> bool:
    """Whether a first-level area belongs to a country."""
    area = areas().get(pcode)
    return area is not None and area.country == country


def closes_with_country(country: str, closed_on: date | None) -> date | None:
    """The last day of a desk: its own, or that on which its country left the programme, whichever is first."""
    left = programme()[country].left
    return min((day for day in (closed_on, left) if day is not None), default=None)
