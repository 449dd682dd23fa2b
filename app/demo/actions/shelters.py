"""Opens the shelters of the demo, and lets each desk send people there."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from random import Random

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.demo.actions.accounts import Crew
from app.demo.programme.beds import Board, Sink
from app.demo.programme.distributions import chance_of
from app.demo.programme.places import DemoDesk, Period
from app.demo.programme.referrals import DeskReferrals, Now
from app.demo.programme.shelters import DemoShelter
from app.places.queries import DeskRow
from app.places.vocabulary import programme
from app.shelters.queries.shelters import SHELTERS, ShelterRow, list_all

MORNING = timedelta(hours=6)


def open_shelters(session: Session, shelters: list[DemoShelter]) -> dict[str, ShelterRow]:
    """Writes the shelters; answers them by code. Their beds follow with their history."""
    session.execute(insert(SHELTERS), [one.fields for one in shelters])
    for one in shelters:
        record_audit(None, "shelter_opened", f"shelter:{one.code}", one.country)
    return {one.code: one for one in list_all(session)}


class Houses:
    """Every desk's referrals."""

    def __init__(
        self,
        shelters: tuple[list[DemoShelter], dict[str, ShelterRow]],
        crew: Crew,
        seed: int,
        sink: Sink,
    ) -> None:
        self.plans, self.rows = shelters
        self.crew, self.seed, self.sink = crew, seed, sink
        self.now = Now(clock.now(), set())
        self.desks: dict[str, DeskReferrals] = {}

    def open(self, plan: DemoDesk, desk: DeskRow, period: Period) -> None:
        """Lets a desk begin, and its shelters count their beds."""
        boards = [self._board(one) for one in self.plans if one.desk == plan.code]
        author = self.crew.at_desk[plan.code]
        began = self.desks[plan.code] = DeskReferrals(desk, author, boards, self.now, self.sink)
        began.begin(_morning(period, desk), end_of(desk, self.now.moment))
        if plan.leads and desk.closed_on is None:
            began.have_waiting(programme()[desk.country].languages[0])

    def finish(self, write: Callable[[], object]) -> None:
        """Lets everything happen that is due, desk after desk; `write` follows each."""
        for referrals in self.desks.values():
            referrals.finish()
            write()

    def _board(self, one: DemoShelter) -> Board:
        chance: Random = chance_of(self.seed, "beds", one.code)
        keeper = self.crew.at_shelter[one.code]
        return Board(self.rows[one.code], one.beds, keeper, chance, self.sink)


def _morning(period: Period, desk: DeskRow) -> datetime:
    begins = datetime.combine(period.first, time(), clock.zone(desk.time_zone))
    return begins.astimezone(UTC) + MORNING


def end_of(desk: DeskRow, now: datetime) -> datetime:
    """Now, or the last evening of a desk that has closed."""
    if desk.closed_on is None:
        return now
    midnight = datetime.combine(desk.closed_on, time(), clock.zone(desk.time_zone))
    return min(now, midnight.astimezone(UTC) + 3 * MORNING)
