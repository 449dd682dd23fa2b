"""Whom a shelter takes in, whether it is open, how fresh its numbers are, and what is free."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import asin, cos, radians, sin, sqrt

from app.codelists.shared_codelists import AGE_BANDS, CHILDREN
from app.composition import PersonCount, is_child_alone

STALE_AFTER = timedelta(hours=4)
"""So old a count is that the shelter is reminded and the desk is told to call (issue: reminder at 4 h)."""
AGE_RANGES = {
    "age_0_4": (0, 4), "age_5_11": (5, 11), "age_12_17": (12, 17), "age_18_24": (18, 24),
    "age_25_59": (25, 59), "age_60_plus": (60, 120), "unknown_child": (0, 17),
    "unknown_adult": (18, 120), "unknown": (0, 120),
}  # fmt: skip
assert AGE_RANGES.keys() == set(AGE_BANDS.codes)  # noqa: S101 - a band without ages would admit everybody


@dataclass(frozen=True)
class Eligibility:
    """Whom a shelter takes in; ages of None are no limit."""

    sexes: tuple[str, ...]
    admits_children: bool
    admits_groups: bool
    youngest: int | None
    oldest: int | None
    stay_limit_days: int | None


@dataclass(frozen=True)
class Beds:
    """Places of one category and what is free of them; `free` may be below 0, which is over capacity."""

    category: str
    capacity: int
    blocked: int
    occupied: int
    held: int
    confirmed_at: datetime
    reason: str = ""

    @property
    def free(self) -> int:
        return self.capacity - self.blocked - self.occupied - self.held

    @property
    def taken(self) -> int:
        return self.occupied + self.held

    @property
    def percent(self) -> int | None:
        """People taken per 100 usable places, over 100 where it is more than full; None without a place."""
        usable = self.capacity - self.blocked
        if usable <= 0:
            return None
        rounded = round(100 * self.taken / usable)
        return max(rounded, 101) if self.taken > usable else rounded


def reasons_against(some: Eligibility, party: Iterable[PersonCount]) -> list[str]:
    """Why a shelter does not take this group: codes of problems, none where it does."""
    party = list(party)
    found = []
    if any(one.sex not in some.sexes for one in party if one.sex != "not_stated"):
        found.append("sex_not_admitted")
    if not some.admits_children and any(one.age_band in CHILDREN for one in party):
        found.append("no_children_here")
    if not some.admits_groups and len({one.sex for one in party}) > 1:
        found.append("no_groups_here")
    if any(not _age_is_admitted(some, one.age_band) for one in party):
        found.append("age_not_admitted")
    return found


def _age_is_admitted(some: Eligibility, band: str) -> bool:
    first, last = AGE_RANGES[band]
    too_old = some.oldest is not None and first > some.oldest
    too_young = some.youngest is not None and last < some.youngest
    return not (too_old or too_young)


def fitting_categories(party: Iterable[PersonCount], flags: Collection[str]) -> list[str]:
    """Bed categories that a group may be given, the most fitting first."""
    party = list(party)
    sexes = {one.sex for one in party}
    children = any(one.age_band in CHILDREN for one in party)
    adults = {one.sex for one in party if one.age_band not in CHILDREN}
    wanted = {
        "isolation": "health_condition" in flags,
        "accessible": "disability" in flags,
        "lgbtiq": "lgbtiq" in flags or "other" in sexes,
        "uasc_girls": is_child_alone(party) and sexes <= {"female"},
        "uasc_boys": is_child_alone(party) and sexes <= {"male"},
        "women_with_children": children and adults == {"female"},
        "families": (children and bool(adults)) or len(adults) > 1,
        "women": not children and sexes == {"female"},
        "men": not children and sexes == {"male"},
        "mixed": True,
    }
    return [category for category, fits in wanted.items() if fits]


def is_open_at(moment: datetime, opens_at: str, closes_at: str) -> bool:
    """Whether people are taken in at that moment of the shelter's own day; hours may run past midnight."""
    if not (opens_at and closes_at):
        return True
    now, first, last = moment.time(), time.fromisoformat(opens_at), time.fromisoformat(closes_at)
    return first <= now < last if first < last else now >= first or now < last


def state_on(is_accepting: bool, closed_on: date | None, day: date) -> str:
    """How a shelter stands on a day, one of SHELTER_STATES; its last day counts."""
    if closed_on is not None and closed_on < day:
        return "closed"
    return "open" if is_accepting else "paused"


def is_stale(confirmed_at: datetime, now: datetime) -> bool:
    """Whether nobody has confirmed a count for four hours."""
    return now - confirmed_at >= STALE_AFTER


def needs_reason(capacity: int, blocked: int, taken: int) -> bool:
    """Whether more would be taken than there are places."""
    return capacity - blocked < taken


def kilometres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The distance between two places (latitude, longitude), as the crow flies."""
    (north, east), (north2, east2) = one, other
    half = sin(radians(north2 - north) / 2) ** 2
    half += cos(radians(north)) * cos(radians(north2)) * sin(radians(east2 - east) / 2) ** 2
    return 12_742 * asin(sqrt(half))
