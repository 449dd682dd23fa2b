"""How long ago something was, or how long there is left, in whole minutes, hours or days."""

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from flask import Flask

from app.base import clock

MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True)
class Unit:
    """A unit of time: its code, its seconds, and how many seconds are told in the next one instead."""

    code: str
    seconds: int
    below: int | None


UNITS = (Unit("min", MINUTE, HOUR), Unit("h", HOUR, 2 * DAY), Unit("d", DAY, None))
"""From the smallest; up to two days are told in hours. The page's script counts by the same ones."""


@dataclass(frozen=True)
class Span:
    """So many minutes (`min`), hours (`h`) or days (`d`), always at least 0."""

    n: int
    unit: str


def span(moment: datetime) -> Span:
    """The time between now and a moment: what is over is rounded down, of what is left a minute begun counts."""
    seconds = (moment - clock.now()).total_seconds()
    past = abs(seconds) if seconds < 0 else ceil(seconds / MINUTE) * MINUTE
    unit = next(one for one in UNITS if one.below is None or past < one.below)
    return Span(int(past // unit.seconds), unit.code)


def iso(moment: datetime) -> str:
    """A moment as scripts and programs read it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def prepare(app: Flask) -> None:
    """Gives templates the words of `parts/spans.html`."""
    app.jinja_env.filters.update(span=span, iso=iso)
    app.jinja_env.globals["span_units"] = UNITS
