"""How long ago something was, or how long there is left, in whole minutes, hours or days."""

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from flask import Flask

from app import clock

MINUTE, HOUR, DAY = 60, 3600, 86_400
HOURS_UNTIL = 2 * DAY
"""Up to two days are told in hours."""


@dataclass(frozen=True)
class Span:
    """So many minutes (`min`), hours (`h`) or days (`d`), always at least 0."""

    n: int
    unit: str


def span(moment: datetime) -> Span:
    """The time between now and a moment: what is over is rounded down, of what is left a minute begun counts."""
    seconds = (moment - clock.now()).total_seconds()
    past = abs(seconds) if seconds < 0 else ceil(seconds / MINUTE) * MINUTE
    if past < HOUR:
        return Span(int(past // MINUTE), "min")
    if past < HOURS_UNTIL:
        return Span(int(past // HOUR), "h")
    return Span(int(past // DAY), "d")


def iso(moment: datetime) -> str:
    """A moment as scripts and programs read it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def prepare(app: Flask) -> None:
    """Gives templates the words of `parts/spans.html`."""
    app.jinja_env.filters.update(span=span, iso=iso)
