"""The referrals of one desk of the demo and their outcomes, in the order of events."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from app import clock
from app.demo.programme.beds import FRESHLY_FULL, BedBoard, RowSink
from app.demo.programme.consultations import DemoConsultation
from app.demo.programme.distributions import seeded_random
from app.demo.programme.event_queue import EventQueue
from app.demo.programme.outcomes import ReferralOutcomes
from app.demo.programme.referral_choices import (
    OpenReferral,
    ReferralPlan,
    leads_to_referral,
    open_cases,
    plan_referral,
)
from app.demo.programme.referral_history import ReferralHistory, new_referral
from app.places.queries import DeskRow
from app.referrals.rules import states
from app.referrals.rules.deadlines import generate_code
from app.referrals.rules.referral_data import MAX_SHELTERS
from app.shelters.rules import fitting_categories, reasons_against

COUNT_INTERVAL = timedelta(days=9)
LAST_COUNT = timedelta(minutes=50)
SEVERAL, NEAREST = 0.15, 0.7
SILENT, SEEN_SHARE = 0.12, 0.9
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class DemoEnd:
    """The end of the demo, and the codes of its open referrals."""

    moment: datetime
    codes: set[str]


class DeskReferrals:
    """Simulates the referrals that follow one desk's consultations; memory holds only the open ones."""

    def __init__(
        self, desk: DeskRow, author: int, boards: list[BedBoard], end: DemoEnd, sink: RowSink
    ) -> None:
        self.desk, self.author, self.boards = desk, author, boards
        self.end, self.sink = end, sink
        self.open_referrals: dict[Any, ReferralHistory] = {}
        self.queue = EventQueue()
        self.outcomes = ReferralOutcomes(author, boards, self.queue, self._write_out)

    def begin(self, first: datetime, last: datetime) -> None:
        """Schedule the bed counts of the shelters from one moment to another."""
        for board in self.boards:
            self.queue.schedule(min(first, last - DAY), self._count, board, last)
            ago = LAST_COUNT if board is self.boards[0] else 5 * HOUR * board.rng.random()
            self.queue.schedule(last - ago, board.count, FRESHLY_FULL)

    def schedule_open_cases(self, language: str) -> None:
        """Schedule referrals that are open at the desk's first shelter when the demo ends."""
        for case in open_cases(language):
            self.queue.schedule(self.end.moment - case.sent_ago, self._send_open_case, case)

    def add_consultation(self, consultation: DemoConsultation) -> None:
        """Add a consultation; those of a desk come in the order of their days."""
        at = consultation.received_at
        if not leads_to_referral(consultation) or self._is_late(consultation):
            return
        rng = seeded_random("referral", consultation.content.id)
        plan = plan_referral(consultation, rng)
        if plan is not None:
            self.queue.run_until(at)
            self.queue.schedule(at + timedelta(minutes=2 + 4 * rng.random()), self._send, plan, rng)

    def _is_late(self, consultation: DemoConsultation) -> bool:
        received = clock.day_at(consultation.received_at, self.desk.time_zone)
        return received != consultation.content.held_on

    def finish(self) -> None:
        """Run all events that are due, and write out the referrals that are still open."""
        self.queue.run_until(self.end.moment)
        for referral in list(self.open_referrals.values()):
            self._write_out(referral, self._free_code())
        for board in self.boards:
            board.finish()

    def _count(self, at: datetime, board: BedBoard, last: datetime) -> None:
        if at < last - DAY or board.confirmed_at is None:
            board.count(at)
            self.queue.schedule(
                at + COUNT_INTERVAL * (0.6 + 0.8 * board.rng.random()), self._count, board, last
            )

    def _send(self, at: datetime, plan: ReferralPlan, rng: Random) -> None:
        if plan.service != states.SHELTER:
            self.outcomes.schedule_closing(self._new(at, plan, [], rng), at, rng)
            return
        boards = self._fitting(plan, rng)
        if not boards:
            return
        referral = self._new(at, plan, boards, rng)
        self.queue.schedule(referral.row["deadline"], self.outcomes.expire, referral)
        for board in boards:
            if rng.random() < SEEN_SHARE:
                self.queue.schedule(
                    at + 25 * rng.random() * HOUR / 60, self.outcomes.see, referral, board
                )
            if rng.random() >= SILENT:
                wait = HOUR * rng.lognormvariate(-0.3, 1.1)
                self.queue.schedule(at + wait, self.outcomes.answer, referral, board, rng)

    def _new(
        self, at: datetime, plan: ReferralPlan, boards: list[BedBoard], rng: Random
    ) -> ReferralHistory:
        referral = new_referral(self.desk, self.author, plan, boards, (at, rng))
        referral.row["code"] = generate_code(lambda below: int(rng.random() * below))
        self.open_referrals[referral.id] = referral
        return referral

    def _fitting(self, plan: ReferralPlan, rng: Random) -> list[BedBoard]:
        categories = set(fitting_categories(plan.persons, plan.flags))
        fitting = [
            board
            for board in self.boards
            if not reasons_against(board.shelter.eligibility, plan.persons)
            and categories & board.categories.keys()
        ]
        if rng.random() < SEVERAL:
            return fitting[:MAX_SHELTERS]
        return fitting[:1] if rng.random() < NEAREST else fitting[-1:]

    def _send_open_case(self, at: datetime, case: OpenReferral) -> None:
        board = self.boards[0]
        referral = self._new(at, case.plan, [board], seeded_random("living", self.desk.code, at))
        self.queue.schedule(referral.row["deadline"], self.outcomes.expire, referral)
        if case.seen_ago is not None:
            self.queue.schedule(self.end.moment - case.seen_ago, self.outcomes.see, referral, board)
        if case.accepted_ago is not None:
            self.queue.schedule(
                self.end.moment - case.accepted_ago, self.outcomes.accept_if_free, referral, board
            )

    def _free_code(self) -> str:
        rng = seeded_random("codes", self.desk.code, len(self.end.codes))
        while (code := generate_code(lambda below: int(rng.random() * below))) in self.end.codes:
            pass
        self.end.codes.add(code)
        return code

    def _write_out(self, referral: ReferralHistory, code: str | None = None) -> None:
        """Write out all rows of a referral: it has no further events."""
        del self.open_referrals[referral.id]
        referral.row["code"] = code or referral.row["code"]
        self.sink("referral", referral.row)
        for table, rows in (
            ("referral_offer", list(referral.offers.values())),
            ("referral_event", referral.events),
            ("bed_hold", referral.holds),
        ):
            for row in rows:
                self.sink(table, row)
