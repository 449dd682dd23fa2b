"""One referral of the demo under way: its rows as the acts of desk and shelter would have written them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from app import clock
from app.composition import PersonCount
from app.demo.programme.beds import Board, Row
from app.demo.programme.referral_choices import Wanted
from app.month import Month
from app.places.queries import DeskRow
from app.referrals.rules import states
from app.referrals.rules.deadlines import deadline
from app.referrals.rules.referral_data import ReferralData, content_digest

DESK_STAFF, COORDINATOR = "desk_staff", "shelter_coordinator"


@dataclass
class Sent:
    """A referral, its offers by shelter, what happened to it, and what is held for it."""

    desk: DeskRow
    persons: tuple[PersonCount, ...]
    row: Row
    offers: dict[int, Row]
    events: list[Row] = field(default_factory=list)
    holds: list[Row] = field(default_factory=list)

    @property
    def id(self) -> UUID:
        return self.row["id"]  # type: ignore[no-any-return]

    @property
    def state(self) -> str:
        return str(self.row["state"])

    @property
    def waits(self) -> bool:
        """Whether nobody has said yes or no yet."""
        return self.state in states.WAITING

    def happen(self, state: str, at: datetime, by: Board | int | None, reason: str = "") -> None:
        """Notes what a shelter (its board), the desk (its account) or time did."""
        shelter = by if isinstance(by, Board) else None
        role = COORDINATOR if shelter else "" if by is None else DESK_STAFF
        self.events.append(
            {
                "referral_id": self.id,
                "state": state,
                "at": at,
                "country": self.desk.country,
                "desk_id": self.desk.id,
                "month": int(Month.of(clock.day_at(at, self.desk.time_zone))),
                "account_id": by.keeper if isinstance(by, Board) else by,
                "role": role,
                "shelter_id": shelter.shelter.id if shelter else None,
                "reason": reason,
            }
        )
        self.row["version"] += 1

    def answer(self, board: Board, state: str, at: datetime, reason: str = "") -> None:
        """Notes what one shelter says of its offer, and what the referral's state is by it."""
        offer = self.offers[board.shelter.id]
        stays_open = state in states.WAITING
        offer |= {"state": state, "is_open": stays_open, "changed_at": at, "reason": reason}
        self.row["state"] = states.combine_offer_states(one["state"] for one in self.offers.values())
        if state == states.WAITLISTED or self.state == states.DECLINED:
            self.row["first_answer_at"] = self.row["first_answer_at"] or at
        self.happen(state, at, board, reason)

    def accept(self, board: Board, hold: Row, at: datetime) -> None:
        """Notes that a shelter takes them: the others are told."""
        for shelter_id, offer in self.offers.items():
            state = states.ACCEPTED if shelter_id == board.shelter.id else states.TAKEN_BY_OTHER
            if offer["is_open"]:
                offer |= {"state": state, "is_open": False, "changed_at": at}
        self.holds.append(hold)
        facts = {"shelter_id": board.shelter.id, "accepted_at": at, "hold_until": hold["until"]}
        first = self.row["first_answer_at"] or at
        self.row |= {"state": states.ACCEPTED, "first_answer_at": first, **facts}
        self.happen(states.ACCEPTED, at, board, hold["category"])

    def end(self, state: str, at: datetime, by: Board | int | None) -> None:
        """Closes it."""
        for offer in self.offers.values():
            if offer["is_open"]:
                offer |= {"state": state, "is_open": False, "changed_at": at}
        self.row |= {"state": state, "closed_at": at}
        self.happen(state, at, by)


def new_referral(
    desk: DeskRow, author: int, wanted: Wanted, boards: Sequence[Board], moment: tuple[Any, Random]
) -> Sent:
    """What a desk sends to these shelters (none: to a service); `moment` is when, and its chance."""
    at, chance = moment
    referral_id = UUID(int=chance.getrandbits(128), version=4)
    codes = tuple(board.shelter.code for board in boards)
    content = ReferralData(
        str(referral_id), desk.code, wanted.consultation, codes, wanted.service, "",
        wanted.priority, wanted.persons, wanted.flags, wanted.language, "", True, False,
    )  # fmt: skip
    ends = deadline(wanted.priority, at, desk.time_zone)
    row = {
        "id": referral_id,
        "code": "",
        "desk_id": desk.id,
        "country": desk.country,
        "author_id": author,
        "consultation_id": UUID(wanted.consultation) if wanted.consultation else None,
        "after_id": None,
        **{name: getattr(content, name) for name in ("service", "bed_category", "priority")},
        "persons": [[one.sex, one.age_band, one.n] for one in content.persons],
        **{name: getattr(content, name) for name in ("party", "flags", "language", "note")},
        "state": states.SENT,
        "version": 0,
        "arrival_digest": content_digest(content),
        "month": int(Month.of(clock.day_at(at, desk.time_zone))),
        "sent_at": at,
        "deadline": ends,
        **dict.fromkeys(("first_answer_at", "shelter_id", "accepted_at", "hold_until")),
        "arrived": None,
        "closed_at": None,
    }
    offers = {one.shelter.id: _offer(row, n, one) for n, one in enumerate(boards)}
    sent = Sent(desk, wanted.persons, row, offers)
    sent.happen(states.SENT, at, author)
    return sent


def _offer(row: Row, place: int, board: Board) -> Row:
    reply_by = row["sent_at"] + timedelta(minutes=board.shelter.reply_minutes)
    return {
        "referral_id": row["id"],
        "shelter_id": board.shelter.id,
        "place": place,
        "state": states.SENT,
        "is_open": True,
        "reply_by": min(reply_by, row["deadline"]),
        "reason": "",
        "questions": (),
        "answers": {},
        "eligibility": asdict(board.shelter.eligibility),
        "changed_at": row["sent_at"],
    }
