"""The only place that asks what time it is; moments are in UTC, days are those of a place."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1900, 9998
_fixed: ContextVar[datetime | None] = ContextVar("fixed", default=None)


def now() -> datetime:
    """This moment, in UTC."""
    return _fixed.get() or datetime.now(UTC)


def day_at(moment: datetime, time_zone: str) -> date:
    """The calendar day that a moment falls on in a time zone (IANA name)."""
    return moment.astimezone(_zone(time_zone)).date()


@cache
def _zone(name: str) -> ZoneInfo:
    """The library remembers eight zones only; a programme has more, and reading one takes longer than a query."""
    return ZoneInfo(name)


def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name."""
    return _zone(name)


def read_moment(text: object) -> datetime | None:
    """The moment, in UTC, of an ISO text that names its offset.

    None where there is none, or it lies so near the first or last year that some time zone could not show it.
    """
    try:
        moment = datetime.fromisoformat(str(text))
        known = moment.tzinfo is not None and FIRST_YEAR <= moment.year <= LAST_YEAR
        return moment.astimezone(UTC) if known else None
    except (ValueError, OverflowError):
        return None


def today_at(time_zone: str) -> date:
    """Today's calendar day in a time zone (IANA name)."""
    return day_at(now(), time_zone)


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Lets the clock stand at a moment: tests fix it and never patch it."""
    token = _fixed.set(moment)
    try:
        yield
    finally:
        _fixed.reset(token)
