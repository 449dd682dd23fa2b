"""The outcomes of the referrals of one desk of the demo: answers, arrivals, stays, and expiry."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from app.demo.programme.beds import BedBoard, Row
from app.demo.programme.distributions import Distribution
from app.demo.programme.event_queue import EventQueue
from app.demo.programme.referral_history import ReferralHistory
from app.referrals.rules import states
from app.referrals.vocabulary import NO_CAPACITY
from app.shelters.rules import fitting_categories

ANSWERS = Distribution({"accepted": 78, "declined": 14, "waitlisted": 4, "cancelled": 4})
REASONS = Distribution(
    {
        "profile_not_admitted": 30, "no_suitable_bed": 24, "outside_hours": 14,
        "needs_specialised_care": 12, "stay_limit_reached": 9, "service_suspended": 6,
        "duplicate": 3, "other": 2,
    }
)  # fmt: skip
AFTER_ACCEPTANCE = Distribution({"arrived": 82, "cancelled": 4, "no_show": 8, "": 6})
CLOSINGS = Distribution({"completed": 76, "no_show": 14, "cancelled": 10})
MAX_STAY_DAYS, MAX_WAIT_DAYS = 6, 13
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class ReferralOutcomes:
    """Simulates the events of a desk's referrals; `write_out` is called with each that has no further events."""

    def __init__(
        self,
        author: int,
        boards: list[BedBoard],
        queue: EventQueue,
        write_out: Callable[[ReferralHistory], None],
    ) -> None:
        self.author, self.boards, self.queue, self.write_out = author, boards, queue, write_out

    def schedule_closing(self, referral: ReferralHistory, at: datetime, rng: Random) -> None:
        """Schedule the closing of a referral to a service by the desk."""
        state, days = CLOSINGS.draw(rng), MAX_WAIT_DAYS * rng.random() ** 2
        self.queue.schedule(at + HOUR + days * DAY, self._end, referral, state, self.author)

    def see(self, at: datetime, referral: ReferralHistory, board: BedBoard) -> None:
        """Record that a coordinator has seen a referral."""
        offer = referral.offers[board.shelter.id]
        if referral.waits and offer["state"] == states.SENT:
            referral.answer(board, states.SEEN, at)

    def answer(self, at: datetime, referral: ReferralHistory, board: BedBoard, rng: Random) -> None:
        """Draw and record the answer of a shelter."""
        if not referral.waits or not referral.offers[board.shelter.id]["is_open"]:
            return
        answer = ANSWERS.draw(rng)
        if answer == states.ACCEPTED:
            self._accept_or_decline(at, referral, board, rng)
        elif answer == states.CANCELLED:
            self._end(at, referral, states.CANCELLED, self.author)
        elif answer == states.WAITLISTED:
            referral.answer(board, answer, at)
            self.queue.schedule(at + 3 * HOUR, self._accept_or_decline, referral, board, rng)
        else:
            self._decline(at, referral, board, REASONS.draw(rng))

    def _accept_or_decline(
        self, at: datetime, referral: ReferralHistory, board: BedBoard, rng: Random
    ) -> None:
        if not referral.waits or not referral.offers[board.shelter.id]["is_open"]:
            return
        row = referral.row
        fitting = fitting_categories(referral.persons, row["flags"])
        available = (
            c
            for c in fitting
            if c in board.categories and board.categories[c].free(at) >= row["person_count"]
        )
        category = next(available, None)
        if category is None:
            self._decline(at, referral, board, NO_CAPACITY)
            return
        referral.accept(board, board.hold(referral.id, category, row["person_count"], at), at)
        self._schedule_arrival(at, referral, board, rng)

    def _decline(
        self, at: datetime, referral: ReferralHistory, board: BedBoard, reason: str
    ) -> None:
        referral.answer(board, states.DECLINED, at, reason)
        if referral.state == states.DECLINED:
            referral.row["closed_at"] = at
            self.write_out(referral)

    def _schedule_arrival(
        self, at: datetime, referral: ReferralHistory, board: BedBoard, rng: Random
    ) -> None:
        fate, until = AFTER_ACCEPTANCE.draw(rng), referral.row["hold_until"]
        if fate == states.ARRIVED:
            on_the_way = (until - at) * (0.1 + 0.85 * rng.random())
            self.queue.schedule(at + on_the_way, self._arrive, referral, board, rng)
        elif fate == states.CANCELLED:
            self.queue.schedule(at + (until - at) / 3, self._end, referral, fate, self.author)
        elif fate == states.NO_SHOW:
            self.queue.schedule(
                until + (1 + 6 * rng.random()) * HOUR, self._end, referral, fate, board
            )
        else:
            self.queue.schedule(
                until + states.NO_SHOW_AFTER, self._end, referral, states.NO_SHOW, None
            )

    def _arrive(
        self, at: datetime, referral: ReferralHistory, board: BedBoard, rng: Random
    ) -> None:
        n = referral.row["arrived_persons"] = referral.row["person_count"]
        board.arrive(referral.holds[-1], n, at)
        referral.row["state"] = states.ARRIVED
        referral.record_event(states.ARRIVED, at, board)
        stay = (1 + MAX_STAY_DAYS * rng.random()) * DAY
        self.queue.schedule(at + stay, self._complete, referral, board)

    def _complete(self, at: datetime, referral: ReferralHistory, board: BedBoard) -> None:
        board.leave(referral.holds[-1]["category"], referral.row["arrived_persons"], at)
        self._end(at, referral, states.COMPLETED, board)

    def expire(self, at: datetime, referral: ReferralHistory) -> None:
        """Expire a referral without an answer at its deadline."""
        if referral.waits:
            self._end(at, referral, states.EXPIRED, None)

    def _end(
        self, at: datetime, referral: ReferralHistory, state: str, by: BedBoard | int | None
    ) -> None:
        if referral.row["closed_at"] is not None:
            return
        open_holds = [hold for hold in referral.holds if hold["ended_at"] is None]
        for hold in open_holds:
            self._board_of(hold).release(
                hold, at, by.coordinator_id if isinstance(by, BedBoard) else by
            )
        referral.end(state, at, by)
        self.write_out(referral)

    def _board_of(self, hold: Row) -> BedBoard:
        return next(board for board in self.boards if board.shelter.id == hold["shelter_id"])

    def accept_if_free(self, at: datetime, referral: ReferralHistory, board: BedBoard) -> None:
        """Accept a referral if a bed is free, without scheduling what follows."""
        fitting = fitting_categories(referral.persons, referral.row["flags"])
        category = next(
            (c for c in fitting if c in board.categories and board.categories[c].free(at) > 0), ""
        )
        if category:
            referral.accept(
                board, board.hold(referral.id, category, referral.row["person_count"], at), at
            )
