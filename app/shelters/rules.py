"""Rules of shelters: eligibility, bed categories, free beds, opening hours, and age of the numbers."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import asin, cos, radians, sin, sqrt

from app.codelists.shared_codelists import AGE_BANDS, CHILDREN
from app.composition import PersonCount, is_child_alone

# The shelter is reminded to confirm, and the desk is advised to call (issue: reminder at 4 h).
STALE_AFTER = timedelta(hours=4)
EARTH_DIAMETER_KM = 12_742
AGE_RANGES = {
    "age_0_4": (0, 4), "age_5_11": (5, 11), "age_12_17": (12, 17), "age_18_24": (18, 24),
    "age_25_59": (25, 59), "age_60_plus": (60, 120), "unknown_child": (0, 17),
    "unknown_adult": (18, 120), "unknown": (0, 120),
}  # fmt: skip
assert AGE_RANGES.keys() == set(AGE_BANDS.codes)  # noqa: S101 - a band without ages would admit everybody


@dataclass(frozen=True)
class Eligibility:
    """Whom a shelter admits; an age of None is no limit. Offers store these field names as JSON."""

    sexes: tuple[str, ...]
    admits_children: bool
    admits_groups: bool
    youngest: int | None
    oldest: int | None
    stay_limit_days: int | None


@dataclass(frozen=True)
class Beds:
    """The numbers of one bed category; `free` may be below 0, which is over capacity."""

    category: str
    capacity: int
    blocked: int
    occupied: int
    held: int
    confirmed_at: datetime
    reason: str = ""

    @property
    def free(self) -> int:
        """Usable beds that are neither occupied nor held."""
        return self.capacity - self.blocked - self.occupied - self.held

    @property
    def taken(self) -> int:
        """Beds that are occupied or held."""
        return self.occupied + self.held

    @property
    def percent(self) -> int | None:
        """Taken per 100 usable beds, at least 101 if more are taken than usable; None without a usable bed."""
        usable = self.capacity - self.blocked
        if usable <= 0:
            return None
        rounded = round(100 * self.taken / usable)
        return max(rounded, 101) if self.taken > usable else rounded


def reasons_against(eligibility: Eligibility, party: Iterable[PersonCount]) -> list[str]:
    """Return the error codes why a shelter does not admit this group; an empty list if it does."""
    sexes, bands = _composition(party)
    reasons = []
    if not sexes - {"not_stated"} <= set(eligibility.sexes):
        reasons.append("sex_not_admitted")
    if not eligibility.admits_children and not bands.isdisjoint(CHILDREN):
        reasons.append("no_children_here")
    if not eligibility.admits_groups and len(sexes) > 1:
        reasons.append("no_groups_here")
    if not all(_is_age_admitted(eligibility, band) for band in bands):
        reasons.append("age_not_admitted")
    return reasons


def _composition(party: Iterable[PersonCount]) -> tuple[set[str], set[str]]:
    counts = list(party)
    return {count.sex for count in counts}, {count.age_band for count in counts}


def _is_age_admitted(eligibility: Eligibility, band: str) -> bool:
    first, last = AGE_RANGES[band]
    too_old = eligibility.oldest is not None and first > eligibility.oldest
    too_young = eligibility.youngest is not None and last < eligibility.youngest
    return not (too_old or too_young)


def fitting_categories(party: Iterable[PersonCount], flags: Collection[str]) -> list[str]:
    """Return the bed categories that fit a group, the best first."""
    counts = list(party)
    sexes = {count.sex for count in counts}
    has_children = any(count.age_band in CHILDREN for count in counts)
    adults = {count.sex for count in counts if count.age_band not in CHILDREN}
    fits = {
        "isolation": "health_condition" in flags,
        "accessible": "disability" in flags,
        "lgbtiq": "lgbtiq" in flags or "other" in sexes,
        "uasc_girls": is_child_alone(counts) and sexes <= {"female"},
        "uasc_boys": is_child_alone(counts) and sexes <= {"male"},
        "women_with_children": has_children and adults == {"female"},
        "families": (has_children and bool(adults)) or len(adults) > 1,
        "women": not has_children and sexes == {"female"},
        "men": not has_children and sexes == {"male"},
        "mixed": True,
    }
    return [category for category, is_fitting in fits.items() if is_fitting]


def is_open_at(moment: datetime, opens_at: str, closes_at: str) -> bool:
    """Whether people are accepted at that local moment of the shelter; hours may run past midnight."""
    if not (opens_at and closes_at):
        return True
    now, first, last = moment.time(), time.fromisoformat(opens_at), time.fromisoformat(closes_at)
    return first <= now < last if first < last else now >= first or now < last


def state_on(is_accepting: bool, closed_on: date | None, day: date) -> str:
    """Return the state of a shelter on a day, one of SHELTER_STATES; it is not closed on its last day."""
    if closed_on is not None and closed_on < day:
        return "closed"
    return "open" if is_accepting else "paused"


def is_stale(confirmed_at: datetime, now: datetime) -> bool:
    """Whether the numbers were not confirmed for STALE_AFTER."""
    return now - confirmed_at >= STALE_AFTER


def needs_reason(capacity: int, blocked: int, taken: int) -> bool:
    """Whether more beds would be taken than are usable, which needs a reason."""
    return capacity - blocked < taken


def kilometres_between(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Return the great-circle distance between two locations (latitude, longitude)."""
    (latitude_1, longitude_1), (latitude_2, longitude_2) = start, end
    haversine = sin(radians(latitude_2 - latitude_1) / 2) ** 2
    parallels = cos(radians(latitude_1)) * cos(radians(latitude_2))
    haversine += parallels * sin(radians(longitude_2 - longitude_1) / 2) ** 2
    return EARTH_DIAMETER_KM * asin(sqrt(haversine))
