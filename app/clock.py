"""The current time, read here only; moments are in UTC, days are those of a time zone."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1900, 9998
_fixed: ContextVar[datetime | None] = ContextVar("fixed", default=None)


def now() -> datetime:
    """Return the current moment in UTC."""
    return _fixed.get() or datetime.now(UTC)


def day_at(moment: datetime, time_zone: str) -> date:
    """Return the calendar day of a moment in a time zone (IANA name)."""
    return moment.astimezone(_zone(time_zone)).date()


# The library caches eight zones only; a programme has more, and reading one takes longer than a query.
@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name."""
    return _zone(name)


def parse_moment(text: object) -> datetime | None:
    """Return the moment, in UTC, of an ISO 8601 text with an offset; else None.

    Also None if it is so near the first or last year that it cannot be expressed in some time zone.
    """
    try:
        moment = datetime.fromisoformat(str(text))
        is_usable = moment.tzinfo is not None and FIRST_YEAR <= moment.year <= LAST_YEAR
        return moment.astimezone(UTC) if is_usable else None
    except (ValueError, OverflowError):
        return None


def today_at(time_zone: str) -> date:
    """Return today's calendar day in a time zone (IANA name)."""
    return day_at(now(), time_zone)


@contextmanager
def frozen_at(moment: datetime) -> Iterator[None]:
    """Freeze the clock at a moment: tests use this instead of patching."""
    token = _fixed.set(moment)
    try:
        yield
    finally:
        _fixed.reset(token)
