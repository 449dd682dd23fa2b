"""Opens the shelters of the demo, and simulates the referrals of each desk."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from random import Random

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.demo.actions.accounts import DemoAccounts
from app.demo.programme.beds import BedBoard, RowSink
from app.demo.programme.distributions import seeded_random
from app.demo.programme.places import DemoDesk, Period
from app.demo.programme.referrals import DemoEnd, DeskReferrals
from app.demo.programme.shelters import DemoShelter
from app.places.queries import DeskRow
from app.places.vocabulary import programme
from app.shelters.queries.shelters import SHELTERS, ShelterRow, list_all

MORNING = timedelta(hours=6)


def open_shelters(session: Session, shelters: list[DemoShelter]) -> dict[str, ShelterRow]:
    """Write the shelters and return them by code; their beds are written with their history."""
    session.execute(insert(SHELTERS), [shelter.fields for shelter in shelters])
    for shelter in shelters:
        record_audit(None, "shelter_opened", f"shelter:{shelter.code}", shelter.country)
    return {row.code: row for row in list_all(session)}


class ReferralSimulation:
    """The referrals of every desk."""

    def __init__(
        self,
        shelters: tuple[list[DemoShelter], dict[str, ShelterRow]],
        accounts: DemoAccounts,
        seed: int,
        sink: RowSink,
    ) -> None:
        self.plans, self.rows = shelters
        self.accounts, self.seed, self.sink = accounts, seed, sink
        self.end = DemoEnd(clock.now(), set())
        self.desks: dict[str, DeskReferrals] = {}

    def open(self, plan: DemoDesk, desk: DeskRow, period: Period) -> None:
        """Start a desk and the bed counts of its shelters."""
        boards = [self._board(shelter) for shelter in self.plans if shelter.desk == plan.code]
        author = self.accounts.at_desk[plan.code]
        desk_referrals = self.desks[plan.code] = DeskReferrals(
            desk, author, boards, self.end, self.sink
        )
        desk_referrals.begin(_morning(period, desk), end_of(desk, self.end.moment))
        if plan.is_main and desk.closed_on is None:
            desk_referrals.schedule_open_cases(programme()[desk.country].languages[0])

    def finish(self, write: Callable[[], object]) -> None:
        """Run all events that are due, desk after desk; call `write` after each."""
        for referrals in self.desks.values():
            referrals.finish()
            write()

    def _board(self, shelter: DemoShelter) -> BedBoard:
        rng: Random = seeded_random(self.seed, "beds", shelter.code)
        coordinator_id = self.accounts.at_shelter[shelter.code]
        return BedBoard(self.rows[shelter.code], shelter.beds, coordinator_id, rng, self.sink)


def _morning(period: Period, desk: DeskRow) -> datetime:
    begins = datetime.combine(period.first, time(), clock.zone(desk.time_zone))
    return begins.astimezone(UTC) + MORNING


def end_of(desk: DeskRow, now: datetime) -> datetime:
    """Return now, or the last evening of a desk that has closed."""
    if desk.closed_on is None:
        return now
    midnight = datetime.combine(desk.closed_on, time(), clock.zone(desk.time_zone))
    return min(now, midnight.astimezone(UTC) + 3 * MORNING)
