"""Time since or until a moment, in whole minutes, hours or days; filters for templates."""

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from flask import Flask

from app import clock

MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True)
class TimeUnit:
    """A unit of time: its code, its length in seconds, and from how many seconds on the next unit is used."""

    code: str
    seconds: int
    below: int | None


# Less than two days are given in hours. The script of the page counts with the same units.
UNITS = (
    TimeUnit("min", MINUTE, HOUR),
    TimeUnit("h", HOUR, 2 * DAY),
    TimeUnit("d", DAY, None),
)


@dataclass(frozen=True)
class RelativeTime:
    """A number (0 or more) of minutes (`min`), hours (`h`) or days (`d`)."""

    n: int
    unit: str


def relative_time(moment: datetime) -> RelativeTime:
    """Return the time between now and a moment: past time rounded down, remaining time up to a whole minute."""
    seconds = (moment - clock.now()).total_seconds()
    distance = abs(seconds) if seconds < 0 else ceil(seconds / MINUTE) * MINUTE
    unit = next(unit for unit in UNITS if unit.below is None or distance < unit.below)
    return RelativeTime(int(distance // unit.seconds), unit.code)


def utc_iso(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC, as scripts and programs read it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def init_app(app: Flask) -> None:
    """Register the filters that `parts/relative_time.html` uses."""
    app.jinja_env.filters.update(relative_time=relative_time, utc_iso=utc_iso)
    app.jinja_env.globals["time_units"] = UNITS
