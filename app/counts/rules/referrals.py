"""What figures of referrals and beds are made of (issue: figures; domain.md §4.3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import fmean


@dataclass(frozen=True)
class Cohort:
    """What became of the referrals to shelters that were sent in a month; the median in seconds."""

    accepted: int = 0
    declined: int = 0
    expired: int = 0
    median_answer: float | None = None


@dataclass(frozen=True)
class BedsChanged:
    """By how much places that can be used, and people in them, changed on a day, at shelters with one last day."""

    closed_on: date | None
    day: date
    usable: int
    occupied: int


@dataclass(frozen=True)
class BedsOfDay:
    """Places that could be used at the end of a day, and people in them."""

    usable: int
    occupied: int


@dataclass(frozen=True)
class Referred:
    """All that a month's figures of referrals are reckoned from.

    `happened` counts what happened in the month by state, `declined` the final refusals among it by reason; `beds` are
    the days of the month that have begun.
    """

    happened: Mapping[str, int] = field(default_factory=dict)
    declined: Mapping[str, int] = field(default_factory=dict)
    cohort: Cohort = field(default_factory=Cohort)
    beds: tuple[BedsOfDay, ...] = ()


def each_day(changes: Iterable[BedsChanged], first: date, last: date) -> tuple[BedsOfDay, ...]:
    """What stood on every day: a day without a change is as the one before; a closed shelter has nothing."""
    changes = list(changes)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return tuple(_stands(changes, day) for day in days)


def _stands(changes: list[BedsChanged], day: date) -> BedsOfDay:
    now = [
        one for one in changes if one.day <= day and (one.closed_on is None or day <= one.closed_on)
    ]
    return BedsOfDay(sum(one.usable for one in now), sum(one.occupied for one in now))


def occupancy(days: Iterable[BedsOfDay]) -> float | None:
    """People per 100 usable places, the mean of the days; over 100 where it was; None without a place."""
    shares = [100 * day.occupied / day.usable for day in days if day.usable > 0]
    return round(fmean(shares), 1) if shares else None


def acceptance(cohort: Cohort) -> float | None:
    """Accepted per 100 that were accepted, declined or expired; None where nothing is decided."""
    decided = cohort.accepted + cohort.declined + cohort.expired
    return round(100 * cohort.accepted / decided, 1) if decided else None


def hours(seconds: float | None) -> float | None:
    """A span in hours with one decimal."""
    return None if seconds is None else round(seconds / 3600, 1)
