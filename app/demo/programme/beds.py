"""The beds of one shelter of the demo from day to day: counts by its staff, holds, people who stay and leave."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from app import clock
from app.shelters.actions.beds import ARRIVED, EXPIRED, RELEASED
from app.shelters.queries.shelters import ShelterRow
from app.shelters.vocabulary import BED_REASONS

Row = dict[str, Any]
RowSink = Callable[[str, Row], None]
"""Takes the name of a table and a row, to be written with others."""
FULL, CROWDED, DAMAGED = (0.45, 0.95), 0.04, 0.08
"""Range of the occupied share; how often there are more people than beds, or beds that cannot be used."""
FRESHLY_FULL = (0.35, 0.6)
MAX_OVER = 3


@dataclass
class CategoryBeds:
    """The beds of one category: `walked_in` people came on their own, `referred` ones with a referral."""

    category: str
    capacity: int
    blocked: int = 0
    walked_in: int = 0
    referred: int = 0
    reason: str = ""
    changes: int = 0
    holds: list[Row] = field(default_factory=list)

    @property
    def occupied(self) -> int:
        return self.walked_in + self.referred

    def on_hold(self, at: datetime) -> int:
        """Return the beds that are on hold at a moment."""
        return sum(hold["person_count"] for hold in self.holds if hold["until"] > at)

    def free(self, at: datetime) -> int:
        """Return the beds that are free at a moment; negative if there are more people than beds."""
        return self.capacity - self.blocked - self.occupied - self.on_hold(at)


class BedBoard:
    """One shelter's beds; every change writes its row and the day's census, as the shelter's own actions do."""

    def __init__(
        self,
        shelter: ShelterRow,
        beds: Mapping[str, int],
        coordinator_id: int,
        rng: Random,
        sink: RowSink,
    ) -> None:
        self.shelter, self.coordinator_id, self.rng, self.sink = shelter, coordinator_id, rng, sink
        self.categories = {category: CategoryBeds(category, n) for category, n in beds.items()}
        self.census: dict[str, Row] = {}
        self.confirmed_at: datetime | None = None

    def count(self, at: datetime, full: tuple[float, float] = FULL) -> None:
        """Count the beds as the staff does: other people have come and gone."""
        rng = self.rng
        for beds in self.categories.values():
            damaged = rng.randint(1, 2) if rng.random() < DAMAGED else 0
            beds.blocked = min(damaged, max(0, beds.capacity - beds.referred - beds.on_hold(at)))
            free = beds.capacity - beds.blocked - beds.referred - beds.on_hold(at)
            share = full[0] + (full[1] - full[0]) * rng.random()
            beds.walked_in = max(0, min(int(beds.capacity * share), free))
            if full == FULL and free > 0 and rng.random() < CROWDED:
                beds.walked_in = free + rng.randint(1, MAX_OVER)
                beds.reason = rng.choice(BED_REASONS.codes)
            self._record_change(beds, at, self.coordinator_id)
        self.confirmed_at = at

    def hold(self, referral_id: UUID, category: str, n: int, at: datetime) -> Row:
        """Hold beds for a group; return the row of the hold."""
        until = at + timedelta(minutes=self.shelter.hold_minutes)
        row = {"referral_id": referral_id, "shelter_id": self.shelter.id, "category": category}
        row |= {"person_count": n, "held_at": at, "until": until}
        row |= {"ended_at": None, "end_reason": ""}
        beds = self.categories[category]
        beds.holds.append(row)
        self._record_change(beds, at, self.coordinator_id)
        return row

    def release(self, hold: Row, at: datetime, account_id: int | None) -> None:
        """End a hold without an arrival."""
        self._end(hold, at, EXPIRED if hold["until"] <= at else RELEASED)
        self._record_change(self.categories[hold["category"]], at, account_id)

    def arrive(self, hold: Row, n: int, at: datetime) -> None:
        """End a hold with the arrival of its group."""
        self._end(hold, at, ARRIVED)
        beds = self.categories[hold["category"]]
        beds.referred += n
        self._record_change(beds, at, self.coordinator_id)

    def leave(self, category: str, n: int, at: datetime) -> None:
        """Free the beds of a group that leaves."""
        beds = self.categories[category]
        beds.referred -= n
        self._record_change(beds, at, self.coordinator_id)

    def _end(self, hold: Row, at: datetime, reason: str) -> None:
        self.categories[hold["category"]].holds.remove(hold)
        hold |= {"ended_at": at, "end_reason": reason}

    def _record_change(self, beds: CategoryBeds, at: datetime, account_id: int | None) -> None:
        beds.changes += 1
        if beds.free(at) >= 0:
            beds.reason = ""
        now = self._row(beds)
        change = {
            "at": at,
            "account_id": account_id,
            "held": beds.on_hold(at),
            "reason": beds.reason,
        }
        self.sink("bed_change", now | change)
        self._record_day(beds.category, clock.day_at(at, self.shelter.time_zone), now)

    def _record_day(self, category: str, day: date, now: Row) -> None:
        earlier = self.census.get(category)
        if earlier is not None and earlier["day"] != day:
            self.sink("bed_census", earlier)
        self.census[category] = now | {"day": day}

    def _row(self, beds: CategoryBeds) -> Row:
        numbers = {"capacity": beds.capacity, "blocked": beds.blocked, "occupied": beds.occupied}
        return {"shelter_id": self.shelter.id, "category": beds.category, **numbers}

    def finish(self) -> None:
        """Write the last day's census and the present beds."""
        for row in self.census.values():
            self.sink("bed_census", row)
        for beds in self.categories.values():
            confirmation = {"confirmed_at": self.confirmed_at, "confirmed_by": self.coordinator_id}
            more = {"reason": beds.reason, "version": beds.changes}
            self.sink("bed_category", self._row(beds) | confirmation | more)
