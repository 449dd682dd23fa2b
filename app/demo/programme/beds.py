"""The beds of one shelter of the demo from day to day: counts by its staff, places held, people who stay and leave."""

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
Sink = Callable[[str, Row], None]
"""Takes a row of a table by its name, to be written with others."""
FULL, CROWDED, DAMAGED = (0.45, 0.95), 0.04, 0.08
"""How full it is between which shares; how often there are more than places, or beds that cannot be used."""
FRESHLY_FULL = (0.35, 0.6)
MOST_OVER = 3


@dataclass
class Places:
    """One category: `walked_in` came on their own, `sent` with a referral."""

    category: str
    capacity: int
    blocked: int = 0
    walked_in: int = 0
    sent: int = 0
    reason: str = ""
    changes: int = 0
    holds: list[Row] = field(default_factory=list)

    @property
    def occupied(self) -> int:
        return self.walked_in + self.sent

    def held(self, at: datetime) -> int:
        """Places that are held at a moment."""
        return sum(one["n"] for one in self.holds if one["until"] > at)

    def free(self, at: datetime) -> int:
        """Places that are free at a moment."""
        return self.capacity - self.blocked - self.occupied - self.held(at)


class Board:
    """One shelter's beds; every change leaves its row and the day's, as the shelter's own acts do."""

    def __init__(
        self, shelter: ShelterRow, beds: Mapping[str, int], keeper: int, chance: Random, sink: Sink
    ) -> None:
        self.shelter, self.keeper, self.chance, self.sink = shelter, keeper, chance, sink
        self.places = {category: Places(category, n) for category, n in beds.items()}
        self.census: dict[str, Row] = {}
        self.confirmed_at: datetime | None = None

    def count(self, at: datetime, full: tuple[float, float] = FULL) -> None:
        """The staff counts: other people have come and gone."""
        chance = self.chance
        for some in self.places.values():
            damaged = chance.randint(1, 2) if chance.random() < DAMAGED else 0
            some.blocked = min(damaged, max(0, some.capacity - some.sent - some.held(at)))
            free = some.capacity - some.blocked - some.sent - some.held(at)
            share = full[0] + (full[1] - full[0]) * chance.random()
            some.walked_in = max(0, min(int(some.capacity * share), free))
            if full == FULL and free > 0 and chance.random() < CROWDED:
                some.walked_in = free + chance.randint(1, MOST_OVER)
                some.reason = chance.choice(BED_REASONS.codes)
            self._leave_trace(some, at, self.keeper)
        self.confirmed_at = at

    def hold(self, referral_id: UUID, category: str, n: int, at: datetime) -> Row:
        """Keeps places for a group; the row of the hold."""
        until = at + timedelta(minutes=self.shelter.hold_minutes)
        row = {"referral_id": referral_id, "shelter_id": self.shelter.id, "category": category}
        row |= {"n": n, "held_at": at, "until": until, "ended_at": None, "end": ""}
        some = self.places[category]
        some.holds.append(row)
        self._leave_trace(some, at, self.keeper)
        return row

    def release(self, hold: Row, at: datetime, by: int | None) -> None:
        """Ends a hold without anybody there."""
        self._end(hold, at, EXPIRED if hold["until"] <= at else RELEASED)
        self._leave_trace(self.places[hold["category"]], at, by)

    def arrive(self, hold: Row, n: int, at: datetime) -> None:
        """Lets a group take its places."""
        self._end(hold, at, ARRIVED)
        some = self.places[hold["category"]]
        some.sent += n
        self._leave_trace(some, at, self.keeper)

    def leave(self, category: str, n: int, at: datetime) -> None:
        """Lets a group that was sent go on."""
        some = self.places[category]
        some.sent -= n
        self._leave_trace(some, at, self.keeper)

    def _end(self, hold: Row, at: datetime, how: str) -> None:
        self.places[hold["category"]].holds.remove(hold)
        hold |= {"ended_at": at, "end": how}

    def _leave_trace(self, some: Places, at: datetime, by: int | None) -> None:
        some.changes += 1
        if some.free(at) >= 0:
            some.reason = ""
        now = self._stands(some)
        change = {"at": at, "account_id": by, "held": some.held(at), "reason": some.reason}
        self.sink("bed_change", now | change)
        self._note_day(some.category, clock.day_at(at, self.shelter.time_zone), now)

    def _note_day(self, category: str, day: date, now: Row) -> None:
        earlier = self.census.get(category)
        if earlier is not None and earlier["day"] != day:
            self.sink("bed_census", earlier)
        self.census[category] = now | {"day": day}

    def _stands(self, some: Places) -> Row:
        numbers = {"capacity": some.capacity, "blocked": some.blocked, "occupied": some.occupied}
        return {"shelter_id": self.shelter.id, "category": some.category, **numbers}

    def finish(self) -> None:
        """Gives away the last day and what stands now."""
        for row in self.census.values():
            self.sink("bed_census", row)
        for some in self.places.values():
            said = {"confirmed_at": self.confirmed_at, "confirmed_by": self.keeper}
            more = {"reason": some.reason, "version": some.changes}
            self.sink("bed_category", self._stands(some) | said | more)
