"""Reads referrals, their offers and events, within the scope of who asks."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.composition import PersonCount
from app.db.session import Record
from app.places.models import Desk
from app.referrals.models import Referral, ReferralEvent, ReferralOffer
from app.referrals.rules import states
from app.web.access import Scope

REFERRALS = Referral.__table__
OFFERS = ReferralOffer.__table__
EVENTS = ReferralEvent.__table__
DESKS = Desk.__table__


@dataclass(frozen=True)
class ReferralRow:
    """One referral as it was last written, with its desk; `state_now` is what is true at this moment."""

    id: UUID
    code: str
    desk_id: int
    country: str
    author_id: int
    consultation_id: UUID | None
    after_id: UUID | None
    service: str
    bed_category: str
    priority: str
    persons: list[list[Any]]
    party: int
    flags: tuple[str, ...]
    language: str
    note: str
    state: str
    version: int
    arrival_digest: str
    month: int
    sent_at: datetime
    deadline: datetime
    first_answer_at: datetime | None
    shelter_id: int | None
    accepted_at: datetime | None
    hold_until: datetime | None
    arrived: int | None
    closed_at: datetime | None
    desk_code: str
    desk_name: str
    time_zone: str

    @property
    def group(self) -> list[PersonCount]:
        """The people who were sent."""
        return [PersonCount(*one) for one in self.persons]

    @property
    def state_now(self) -> str:
        return states.state_at(
            clock.now(), self.state, self.deadline, self.hold_until, self.service
        )

    @property
    def is_hold_over(self) -> bool:
        """Whether it was accepted and its places are no longer held."""
        return states.is_hold_over(clock.now(), self.state_now, self.hold_until)


@dataclass(frozen=True)
class OfferRow:
    """One shelter that a referral is addressed to."""

    referral_id: UUID
    shelter_id: int
    place: int
    state: str
    is_open: bool
    reply_by: datetime
    reason: str
    questions: tuple[str, ...]
    answers: dict[str, str]
    eligibility: dict[str, Any]
    changed_at: datetime


@dataclass(frozen=True)
class EventRow:
    """One thing that happened: the state it left, when, by whom (the role) and at which shelter."""

    state: str
    at: datetime
    role: str
    shelter_id: int | None
    reason: str


WITH_DESK = select(
    REFERRALS,
    DESKS.c.code.label("desk_code"),
    DESKS.c.name.label("desk_name"),
    DESKS.c.time_zone,
).join(DESKS, DESKS.c.id == REFERRALS.c.desk_id)


def is_visible_to(scope: Scope) -> ColumnElement[bool]:
    """Referrals that an account may see: of its desks, of its countries, addressed to its shelters."""
    mine = OFFERS.c.shelter_id.in_(scope.shelters)
    to_mine = exists().where(OFFERS.c.referral_id == REFERRALS.c.id, mine)
    return or_(
        REFERRALS.c.desk_id.in_(scope.desks),
        REFERRALS.c.country.in_(scope.countries),
        to_mine,
    )


def find_referral(session: Session, scope: Scope, referral_id: UUID) -> ReferralRow | None:
    """The referral of that id within the scope; None where there is none or it is somebody else's."""
    mine = WITH_DESK.where(REFERRALS.c.id == referral_id, is_visible_to(scope))
    row = session.execute(mine).first()
    return _row(row) if row else None


def lock_referral(session: Session, scope: Scope, referral_id: UUID) -> ReferralRow | None:
    """The same, held until the transaction ends; held before any shelter and any bed."""
    held = select(REFERRALS.c.id).where(REFERRALS.c.id == referral_id).with_for_update()
    if session.execute(held).first() is None:
        return None
    return find_referral(session, scope, referral_id)


def find_referral_unscoped(session: Session, referral_id: UUID) -> ReferralRow | None:
    """The referral of that id, whoever it belongs to: to tell whether an id is known."""
    row = session.execute(WITH_DESK.where(REFERRALS.c.id == referral_id)).first()
    return _row(row) if row else None


def list_offers(session: Session, referral_ids: Collection[UUID]) -> dict[UUID, list[OfferRow]]:
    """The offers of referrals, in the order in which the shelters were chosen."""
    mine = select(OFFERS).where(OFFERS.c.referral_id.in_(referral_ids))
    found: dict[UUID, list[OfferRow]] = {one: [] for one in referral_ids}
    for row in session.execute(mine.order_by(OFFERS.c.referral_id, OFFERS.c.place)):
        found[row.referral_id].append(OfferRow(**row._mapping))
    return found


def list_events(session: Session, referral_id: UUID) -> list[EventRow]:
    """What happened to a referral, in order."""
    names = ("state", "at", "role", "shelter_id", "reason")
    mine = select(*(EVENTS.c[name] for name in names)).where(EVENTS.c.referral_id == referral_id)
    return [EventRow(*row) for row in session.execute(mine.order_by(EVENTS.c.id))]


def list_of_desk(
    session: Session, scope: Scope, desk_id: int, since: datetime, until: datetime
) -> list[ReferralRow]:
    """A desk's referrals sent in [since, until), the last sent first; the open ones of before come too."""
    mine = WITH_DESK.where(REFERRALS.c.desk_id == desk_id, is_visible_to(scope))
    sent = (REFERRALS.c.sent_at >= since) & (REFERRALS.c.sent_at < until)
    still = REFERRALS.c.closed_at.is_(None) & (REFERRALS.c.sent_at < since)
    return _list(session, mine.where(sent | still).order_by(REFERRALS.c.sent_at.desc()))


def list_of_consultation(session: Session, scope: Scope, consultation: UUID) -> list[ReferralRow]:
    """The referrals that came from a consultation, the first sent first."""
    mine = WITH_DESK.where(REFERRALS.c.consultation_id == consultation, is_visible_to(scope))
    return _list(session, mine.order_by(REFERRALS.c.sent_at, REFERRALS.c.id))


def _list(session: Session, wanted: Select[tuple[object, ...]]) -> list[ReferralRow]:
    return [_row(row) for row in session.execute(wanted)]


def _row(row: Record) -> ReferralRow:
    return ReferralRow(**row._mapping)
