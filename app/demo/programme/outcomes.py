"""What becomes of the referrals of one desk of the demo: answers, arrivals, stays, and what time ends."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from app.demo.programme.beds import Board, Row
from app.demo.programme.distributions import Mix
from app.demo.programme.event_queue import Agenda
from app.demo.programme.referral_history import Sent
from app.referrals.rules import states
from app.referrals.vocabulary import NO_CAPACITY
from app.shelters.rules import fitting_categories

ANSWERS = Mix({"accepted": 78, "declined": 14, "waitlisted": 4, "cancelled": 4})
REASONS = Mix(
    {
        "profile_not_admitted": 30, "no_suitable_bed": 24, "outside_hours": 14,
        "needs_specialised_care": 12, "stay_limit_reached": 9, "service_suspended": 6,
        "duplicate": 3, "other": 2,
    }
)  # fmt: skip
AFTERWARDS = Mix({"arrived": 82, "cancelled": 4, "no_show": 8, "": 6})
CLOSINGS = Mix({"completed": 76, "no_show": 14, "cancelled": 10})
LONGEST_STAY, LONGEST_WAIT = 6, 13
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Outcomes:
    """Goes on with what a desk has sent; `give` takes a referral to which nothing more happens."""

    def __init__(
        self, author: int, boards: list[Board], agenda: Agenda, give: Callable[[Sent], None]
    ) -> None:
        self.author, self.boards, self.agenda, self.give = author, boards, agenda, give

    def close_some_day(self, sent: Sent, at: datetime, chance: Random) -> None:
        """Closes a referral to a service: the desk learns what came of it."""
        how, days = CLOSINGS.draw(chance), LONGEST_WAIT * chance.random() ** 2
        self.agenda.at(at + HOUR + days * DAY, self._end, sent, how, self.author)

    def see(self, at: datetime, sent: Sent, board: Board) -> None:
        """Lets a coordinator look at it."""
        offer = sent.offers[board.shelter.id]
        if sent.waits and offer["state"] == states.SENT:
            sent.answer(board, states.SEEN, at)

    def answer(self, at: datetime, sent: Sent, board: Board, chance: Random) -> None:
        """Lets a shelter say what it says."""
        if not sent.waits or not sent.offers[board.shelter.id]["is_open"]:
            return
        answer = ANSWERS.draw(chance)
        if answer == states.ACCEPTED:
            self._accept_or_decline(at, sent, board, chance)
        elif answer == states.CANCELLED:
            self._end(at, sent, states.CANCELLED, self.author)
        elif answer == states.WAITLISTED:
            sent.answer(board, answer, at)
            self.agenda.at(at + 3 * HOUR, self._accept_or_decline, sent, board, chance)
        else:
            self._decline(at, sent, board, REASONS.draw(chance))

    def _accept_or_decline(self, at: datetime, sent: Sent, board: Board, chance: Random) -> None:
        if not sent.waits or not sent.offers[board.shelter.id]["is_open"]:
            return
        row = sent.row
        fitting = fitting_categories(sent.persons, row["flags"])
        enough = (
            c for c in fitting if c in board.places and board.places[c].free(at) >= row["party"]
        )
        category = next(enough, None)
        if category is None:
            self._decline(at, sent, board, NO_CAPACITY)
            return
        sent.accept(board, board.hold(sent.id, category, row["party"], at), at)
        self._afterwards(at, sent, board, chance)

    def _decline(self, at: datetime, sent: Sent, board: Board, reason: str) -> None:
        sent.answer(board, states.DECLINED, at, reason)
        if sent.state == states.DECLINED:
            sent.row["closed_at"] = at
            self.give(sent)

    def _afterwards(self, at: datetime, sent: Sent, board: Board, chance: Random) -> None:
        what, until = AFTERWARDS.draw(chance), sent.row["hold_until"]
        if what == states.ARRIVED:
            on_the_way = (until - at) * (0.1 + 0.85 * chance.random())
            self.agenda.at(at + on_the_way, self._arrive, sent, board, chance)
        elif what == states.CANCELLED:
            self.agenda.at(at + (until - at) / 3, self._end, sent, what, self.author)
        elif what == states.NO_SHOW:
            self.agenda.at(until + (1 + 6 * chance.random()) * HOUR, self._end, sent, what, board)
        else:
            self.agenda.at(until + states.NO_SHOW_AFTER, self._end, sent, states.NO_SHOW, None)

    def _arrive(self, at: datetime, sent: Sent, board: Board, chance: Random) -> None:
        n = sent.row["arrived"] = sent.row["party"]
        board.arrive(sent.holds[-1], n, at)
        sent.row["state"] = states.ARRIVED
        sent.happen(states.ARRIVED, at, board)
        stay = (1 + LONGEST_STAY * chance.random()) * DAY
        self.agenda.at(at + stay, self._complete, sent, board)

    def _complete(self, at: datetime, sent: Sent, board: Board) -> None:
        board.leave(sent.holds[-1]["category"], sent.row["arrived"], at)
        self._end(at, sent, states.COMPLETED, board)

    def expire(self, at: datetime, sent: Sent) -> None:
        """Ends what nobody has answered by its deadline."""
        if sent.waits:
            self._end(at, sent, states.EXPIRED, None)

    def _end(self, at: datetime, sent: Sent, state: str, by: Board | int | None) -> None:
        if sent.row["closed_at"] is not None:
            return
        held = [one for one in sent.holds if one["ended_at"] is None]
        for hold in held:
            self._board_of(hold).release(hold, at, by.keeper if isinstance(by, Board) else by)
        sent.end(state, at, by)
        self.give(sent)

    def _board_of(self, hold: Row) -> Board:
        return next(one for one in self.boards if one.shelter.id == hold["shelter_id"])

    def take(self, at: datetime, sent: Sent, board: Board) -> None:
        """Lets a shelter accept, with nothing to follow."""
        fitting = fitting_categories(sent.persons, sent.row["flags"])
        category = next(
            (c for c in fitting if c in board.places and board.places[c].free(at) > 0), ""
        )
        if category:
            sent.accept(board, board.hold(sent.id, category, sent.row["party"], at), at)
