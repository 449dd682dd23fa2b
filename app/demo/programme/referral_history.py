"""One referral of the demo: its rows as the actions of desk and shelter would have written them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from app import clock
from app.composition import PersonCount
from app.demo.programme.beds import BedBoard, Row
from app.demo.programme.referral_choices import ReferralPlan
from app.month import Month
from app.places.queries import DeskRow
from app.referrals.rules import states
from app.referrals.rules.deadlines import deadline
from app.referrals.rules.referral_data import ReferralData, content_digest

DESK_STAFF, COORDINATOR = "desk_staff", "shelter_coordinator"


@dataclass
class ReferralHistory:
    """A referral, its offers by shelter, its events, and its bed holds."""

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
        """Whether it is neither accepted nor declined yet."""
        return self.state in states.WAITING

    def record_event(
        self, state: str, at: datetime, by: BedBoard | int | None, reason: str = ""
    ) -> None:
        """Record an event by a shelter (its board), the desk (its account id) or a deadline (None)."""
        shelter = by if isinstance(by, BedBoard) else None
        role = COORDINATOR if shelter else "" if by is None else DESK_STAFF
        self.events.append(
            {
                "referral_id": self.id,
                "state": state,
                "at": at,
                "country": self.desk.country,
                "desk_id": self.desk.id,
                "month": int(Month.containing(clock.day_at(at, self.desk.time_zone))),
                "account_id": by.coordinator_id if isinstance(by, BedBoard) else by,
                "role": role,
                "shelter_id": shelter.shelter.id if shelter else None,
                "reason": reason,
            }
        )
        self.row["version"] += 1

    def answer(self, board: BedBoard, state: str, at: datetime, reason: str = "") -> None:
        """Record one shelter's answer to its offer, and the state of the referral that follows."""
        offer = self.offers[board.shelter.id]
        stays_open = state in states.WAITING
        offer |= {"state": state, "is_open": stays_open, "changed_at": at, "reason": reason}
        self.row["state"] = states.combine_offer_states(
            offer_row["state"] for offer_row in self.offers.values()
        )
        if state == states.WAITLISTED or self.state == states.DECLINED:
            self.row["first_answer_at"] = self.row["first_answer_at"] or at
        self.record_event(state, at, board, reason)

    def accept(self, board: BedBoard, hold: Row, at: datetime) -> None:
        """Record that a shelter accepts; the other open offers are closed."""
        for shelter_id, offer in self.offers.items():
            state = states.ACCEPTED if shelter_id == board.shelter.id else states.TAKEN_BY_OTHER
            if offer["is_open"]:
                offer |= {"state": state, "is_open": False, "changed_at": at}
        self.holds.append(hold)
        acceptance = {
            "shelter_id": board.shelter.id,
            "accepted_at": at,
            "hold_until": hold["until"],
        }
        first = self.row["first_answer_at"] or at
        self.row |= {"state": states.ACCEPTED, "first_answer_at": first, **acceptance}
        self.record_event(states.ACCEPTED, at, board, hold["category"])

    def end(self, state: str, at: datetime, by: BedBoard | int | None) -> None:
        """Close the referral."""
        for offer in self.offers.values():
            if offer["is_open"]:
                offer |= {"state": state, "is_open": False, "changed_at": at}
        self.row |= {"state": state, "closed_at": at}
        self.record_event(state, at, by)


def new_referral(
    desk: DeskRow,
    author: int,
    plan: ReferralPlan,
    boards: Sequence[BedBoard],
    moment: tuple[datetime, Random],
) -> ReferralHistory:
    """Return a new referral to these shelters (none: to a service) at a moment."""
    at, rng = moment
    referral_id = UUID(int=rng.getrandbits(128), version=4)
    codes = tuple(board.shelter.code for board in boards)
    content = ReferralData(
        str(referral_id), desk.code, plan.consultation, codes, plan.service, "",
        plan.priority, plan.persons, plan.flags, plan.language, "", True, False,
    )  # fmt: skip
    ends = deadline(plan.priority, at, desk.time_zone)
    row = {
        "id": referral_id,
        "code": "",
        "desk_id": desk.id,
        "country": desk.country,
        "author_id": author,
        "consultation_id": UUID(plan.consultation) if plan.consultation else None,
        "previous_referral_id": None,
        **{name: getattr(content, name) for name in ("service", "bed_category", "priority")},
        "persons": [[count.sex, count.age_band, count.n] for count in content.persons],
        **{name: getattr(content, name) for name in ("person_count", "flags", "language", "note")},
        "state": states.SENT,
        "version": 0,
        "content_digest": content_digest(content),
        "month": int(Month.containing(clock.day_at(at, desk.time_zone))),
        "sent_at": at,
        "deadline": ends,
        **dict.fromkeys(("first_answer_at", "shelter_id", "accepted_at", "hold_until")),
        "arrived_persons": None,
        "closed_at": None,
    }
    offers = {board.shelter.id: _offer(row, n, board) for n, board in enumerate(boards)}
    referral = ReferralHistory(desk, plan.persons, row, offers)
    referral.record_event(states.SENT, at, author)
    return referral


def _offer(row: Row, position: int, board: BedBoard) -> Row:
    reply_by = row["sent_at"] + timedelta(minutes=board.shelter.reply_minutes)
    return {
        "referral_id": row["id"],
        "shelter_id": board.shelter.id,
        "position": position,
        "state": states.SENT,
        "is_open": True,
        "reply_by": min(reply_by, row["deadline"]),
        "reason": "",
        "questions": (),
        "answers": {},
        "eligibility": asdict(board.shelter.eligibility),
        "changed_at": row["sent_at"],
    }
