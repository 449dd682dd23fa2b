"""Totals of referrals and beds, and the arithmetic of their figures (issue: figures; domain.md §4.3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import fmean

NO_CAPACITY = "no_capacity"


@dataclass(frozen=True)
class ReferralCohort:
    """Outcomes of the referrals to shelters that were sent in a month; the median answer time in seconds."""

    accepted: int = 0
    declined: int = 0
    expired: int = 0
    median_answer: float | None = None


@dataclass(frozen=True)
class BedDelta:
    """The change of usable places, and of people in them, on a day, at shelters with the same closing day."""

    closed_on: date | None
    day: date
    usable: int
    occupied: int


@dataclass(frozen=True)
class BedDay:
    """Usable places at the end of a day, and people in them."""

    usable: int
    occupied: int


@dataclass(frozen=True)
class ReferralTotals:
    """All that a month's figures of referrals are computed from.

    `events` counts the events of the month by state, `declined` the final refusals among them by reason; `beds` are
    the days of the month that have begun. The methods are the formulas of `indicators.referrals`.
    """

    events: Mapping[str, int] = field(default_factory=dict)
    declined: Mapping[str, int] = field(default_factory=dict)
    cohort: ReferralCohort = field(default_factory=ReferralCohort)
    beds: tuple[BedDay, ...] = ()

    def count_sent(self) -> int:
        return self.events.get("sent", 0)

    def count_accepted(self) -> int:
        return self.events.get("accepted", 0)

    def count_declined(self) -> int:
        return sum(self.declined.values())

    def count_expired(self) -> int:
        return self.events.get("expired", 0)

    def count_arrived(self) -> int:
        return self.events.get("arrived", 0)

    def count_no_show(self) -> int:
        return self.events.get("no_show", 0)

    def count_completed(self) -> int:
        return self.events.get("completed", 0)

    def acceptance_pct(self) -> float | None:
        """Accepted per 100 that were accepted, declined or expired; None if nothing is decided."""
        decided = self.cohort.accepted + self.cohort.declined + self.cohort.expired
        return round(100 * self.cohort.accepted / decided, 1) if decided else None

    def median_answer_hours(self) -> float | None:
        """In hours with one decimal."""
        seconds = self.cohort.median_answer
        return None if seconds is None else round(seconds / 3600, 1)

    def count_refused_no_places(self) -> int:
        return self.declined.get(NO_CAPACITY, 0)

    def beds_available(self) -> int:
        return self.beds[-1].usable if self.beds else 0

    def occupancy_pct(self) -> float | None:
        """People per 100 usable places, the mean of the days; can exceed 100; None without a place."""
        shares = [100 * day.occupied / day.usable for day in self.beds if day.usable > 0]
        return round(fmean(shares), 1) if shares else None


def beds_by_day(deltas: Iterable[BedDelta], first: date, last: date) -> tuple[BedDay, ...]:
    """Return the beds of every day: a day without a change is as the one before; a closed shelter has none."""
    deltas = list(deltas)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return tuple(_beds_on(deltas, day) for day in days)


def _beds_on(deltas: list[BedDelta], day: date) -> BedDay:
    effective = [
        delta
        for delta in deltas
        if delta.day <= day and (delta.closed_on is None or day <= delta.closed_on)
    ]
    return BedDay(
        sum(delta.usable for delta in effective), sum(delta.occupied for delta in effective)
    )
