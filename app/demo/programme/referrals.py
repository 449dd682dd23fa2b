"""The referrals of one desk of the demo and what became of them, told in the order in which things happened."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from app import clock
from app.demo.programme.beds import FRESHLY_FULL, Board, Sink
from app.demo.programme.consultations import Telling
from app.demo.programme.distributions import chance_of
from app.demo.programme.event_queue import Agenda
from app.demo.programme.outcomes import Outcomes
from app.demo.programme.referral_choices import Living, Wanted, living, may_send, wanted_by
from app.demo.programme.referral_history import Sent, new_referral
from app.places.queries import DeskRow
from app.referrals.rules import states
from app.referrals.rules.deadlines import generate_code
from app.referrals.rules.referral_data import MAX_SHELTERS
from app.shelters.rules import fitting_categories, reasons_against

COUNTED_EVERY = timedelta(days=9)
LAST_COUNT = timedelta(minutes=50)
SEVERAL, NEAREST = 0.15, 0.7
SILENT, LOOKED_AT = 0.12, 0.9
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Now:
    """When the demo ends, and the codes that its open referrals have."""

    moment: datetime
    codes: set[str]


class DeskReferrals:
    """Hears the consultations of one desk and tells what became of who was sent on; memory holds what is under way."""

    def __init__(
        self, desk: DeskRow, author: int, boards: list[Board], now: Now, sink: Sink
    ) -> None:
        self.desk, self.author, self.boards = desk, author, boards
        self.now, self.sink = now, sink
        self.under_way: dict[Any, Sent] = {}
        self.agenda = Agenda()
        self.outcomes = Outcomes(author, boards, self.agenda, self._give)

    def begin(self, first: datetime, last: datetime) -> None:
        """Lets the shelters count their beds from one moment to another."""
        for board in self.boards:
            self.agenda.at(min(first, last - DAY), self._count, board, last)
            ago = LAST_COUNT if board is self.boards[0] else 5 * HOUR * board.chance.random()
            self.agenda.at(last - ago, board.count, FRESHLY_FULL)

    def have_waiting(self, language: str) -> None:
        """Lets something wait at the desk's first shelter when the demo ends."""
        for one in living(language):
            self.agenda.at(self.now.moment - one.sent, self._send_living, one)

    def hear(self, telling: Telling) -> None:
        """Takes up a consultation; those of a desk come in the order of their days."""
        at = telling.received_at
        if not may_send(telling) or self._is_late(telling):
            return
        chance = chance_of("referral", telling.content.id)
        wanted = wanted_by(telling, chance)
        if wanted is not None:
            self.agenda.run(at)
            self.agenda.at(
                at + timedelta(minutes=2 + 4 * chance.random()), self._send, wanted, chance
            )

    def _is_late(self, telling: Telling) -> bool:
        received = clock.day_at(telling.received_at, self.desk.time_zone)
        return received != telling.content.held_on

    def finish(self) -> None:
        """Lets everything happen that is due, and gives away what is still open."""
        self.agenda.run(self.now.moment)
        for sent in list(self.under_way.values()):
            self._give(sent, self._free_code())
        for board in self.boards:
            board.finish()

    def _count(self, at: datetime, board: Board, last: datetime) -> None:
        if at < last - DAY or board.confirmed_at is None:
            board.count(at)
            self.agenda.at(
                at + COUNTED_EVERY * (0.6 + 0.8 * board.chance.random()), self._count, board, last
            )

    def _send(self, at: datetime, wanted: Wanted, chance: Random) -> None:
        if wanted.service != states.SHELTER:
            self.outcomes.close_some_day(self._new(at, wanted, [], chance), at, chance)
            return
        boards = self._fitting(wanted, chance)
        if not boards:
            return
        sent = self._new(at, wanted, boards, chance)
        self.agenda.at(sent.row["deadline"], self.outcomes.expire, sent)
        for board in boards:
            if chance.random() < LOOKED_AT:
                self.agenda.at(
                    at + 25 * chance.random() * HOUR / 60, self.outcomes.see, sent, board
                )
            if chance.random() >= SILENT:
                wait = HOUR * chance.lognormvariate(-0.3, 1.1)
                self.agenda.at(at + wait, self.outcomes.answer, sent, board, chance)

    def _new(self, at: datetime, wanted: Wanted, boards: list[Board], chance: Random) -> Sent:
        sent = new_referral(self.desk, self.author, wanted, boards, (at, chance))
        sent.row["code"] = generate_code(lambda below: int(chance.random() * below))
        self.under_way[sent.id] = sent
        return sent

    def _fitting(self, wanted: Wanted, chance: Random) -> list[Board]:
        categories = set(fitting_categories(wanted.persons, wanted.flags))
        some = [
            board
            for board in self.boards
            if not reasons_against(board.shelter.eligibility, wanted.persons)
            and categories & board.places.keys()
        ]
        if chance.random() < SEVERAL:
            return some[:MAX_SHELTERS]
        return some[:1] if chance.random() < NEAREST else some[-1:]

    def _send_living(self, at: datetime, one: Living) -> None:
        board = self.boards[0]
        sent = self._new(at, one.wanted, [board], chance_of("living", self.desk.code, at))
        self.agenda.at(sent.row["deadline"], self.outcomes.expire, sent)
        if one.seen is not None:
            self.agenda.at(self.now.moment - one.seen, self.outcomes.see, sent, board)
        if one.accepted is not None:
            self.agenda.at(self.now.moment - one.accepted, self.outcomes.take, sent, board)

    def _free_code(self) -> str:
        chance = chance_of("codes", self.desk.code, len(self.now.codes))
        while (code := generate_code(lambda below: int(chance.random() * below))) in self.now.codes:
            pass
        self.now.codes.add(code)
        return code

    def _give(self, sent: Sent, code: str | None = None) -> None:
        """Gives away all rows of a referral: nothing more happens to it."""
        del self.under_way[sent.id]
        sent.row["code"] = code or sent.row["code"]
        self.sink("referral", sent.row)
        for table, rows in (
            ("referral_offer", list(sent.offers.values())),
            ("referral_event", sent.events),
            ("bed_hold", sent.holds),
        ):
            for row in rows:
                self.sink(table, row)
