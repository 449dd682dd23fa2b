"""Reads referrals, their offers and events, within the scope of an account."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.composition import PersonCount
from app.db.session import AnyRow
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
    """A referral as stored, with its desk; `state_now` is its state at this moment."""

    id: UUID
    code: str
    desk_id: int
    country: str
    author_id: int
    consultation_id: UUID | None
    previous_referral_id: UUID | None
    service: str
    bed_category: str
    priority: str
    persons: list[list[Any]]
    person_count: int
    flags: tuple[str, ...]
    language: str
    note: str
    state: str
    version: int
    content_digest: str
    month: int
    sent_at: datetime
    deadline: datetime
    first_answer_at: datetime | None
    shelter_id: int | None
    accepted_at: datetime | None
    hold_until: datetime | None
    arrived_persons: int | None
    closed_at: datetime | None
    desk_code: str
    desk_name: str
    time_zone: str

    @property
    def group(self) -> list[PersonCount]:
        """The people of the group."""
        return [PersonCount(*values) for values in self.persons]

    @property
    def state_now(self) -> str:
        """The stored state, unless time has changed it since."""
        return states.state_at(
            clock.now(), self.state, self.deadline, self.hold_until, self.service
        )

    @property
    def is_hold_over(self) -> bool:
        """Whether it was accepted and its beds are no longer held."""
        return states.is_hold_over(clock.now(), self.state_now, self.hold_until)


@dataclass(frozen=True)
class OfferRow:
    """A shelter that a referral is addressed to, and its answer."""

    referral_id: UUID
    shelter_id: int
    position: int
    state: str
    is_open: bool
    reply_by: datetime
    reason: str
    questions: tuple[str, ...]
    answers: dict[str, str]
    eligibility: dict[str, object]
    changed_at: datetime


@dataclass(frozen=True)
class EventRow:
    """An event: the new state, when, by which role and at which shelter."""

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
    """Return the condition for referrals of the scope's desks and countries, or addressed to its shelters."""
    is_own = OFFERS.c.shelter_id.in_(scope.shelters)
    is_addressed = exists().where(OFFERS.c.referral_id == REFERRALS.c.id, is_own)
    return or_(
        REFERRALS.c.desk_id.in_(scope.desks),
        REFERRALS.c.country.in_(scope.countries),
        is_addressed,
    )


def find_referral(session: Session, scope: Scope, referral_id: UUID) -> ReferralRow | None:
    """Find a referral within the scope."""
    query = WITH_DESK.where(REFERRALS.c.id == referral_id, is_visible_to(scope))
    row = session.execute(query).first()
    return _row(row) if row else None


def lock_referral(session: Session, scope: Scope, referral_id: UUID) -> ReferralRow | None:
    """Lock a referral until the transaction ends, before any shelter and any bed; None if it is out of scope."""
    query = select(REFERRALS.c.id).where(REFERRALS.c.id == referral_id).with_for_update()
    if session.execute(query).first() is None:
        return None
    return find_referral(session, scope, referral_id)


def find_referral_unscoped(session: Session, referral_id: UUID) -> ReferralRow | None:
    """Find a referral whatever the scope: to check whether an id exists, or after it was checked."""
    row = session.execute(WITH_DESK.where(REFERRALS.c.id == referral_id)).first()
    return _row(row) if row else None


def get_referral_unscoped(session: Session, referral_id: UUID) -> ReferralRow:
    """Return a referral whatever the scope; raises LookupError if it does not exist."""
    referral = find_referral_unscoped(session, referral_id)
    if referral is None:
        raise LookupError(f"no referral {referral_id}")
    return referral


def list_offers_unscoped(
    session: Session, referral_ids: Collection[UUID]
) -> dict[UUID, list[OfferRow]]:
    """List the offers of each referral, in the order in which the shelters were chosen."""
    query = select(OFFERS).where(OFFERS.c.referral_id.in_(referral_ids))
    offers: dict[UUID, list[OfferRow]] = {referral_id: [] for referral_id in referral_ids}
    for row in session.execute(query.order_by(OFFERS.c.referral_id, OFFERS.c.position)):
        offers[row.referral_id].append(OfferRow(**row._mapping))
    return offers


def list_events_unscoped(session: Session, referral_id: UUID) -> list[EventRow]:
    """List the events of a referral, in order."""
    columns = (EVENTS.c[name] for name in ("state", "at", "role", "shelter_id", "reason"))
    query = select(*columns).where(EVENTS.c.referral_id == referral_id).order_by(EVENTS.c.id)
    return [EventRow(*row) for row in session.execute(query)]


def list_of_desk(
    session: Session, scope: Scope, desk_id: int, since: datetime, until: datetime
) -> list[ReferralRow]:
    """List a desk's referrals sent in [since, until) and its earlier open ones, the last sent first."""
    query = WITH_DESK.where(REFERRALS.c.desk_id == desk_id, is_visible_to(scope))
    in_period = (REFERRALS.c.sent_at >= since) & (REFERRALS.c.sent_at < until)
    open_before = REFERRALS.c.closed_at.is_(None) & (REFERRALS.c.sent_at < since)
    return _list(session, query.where(in_period | open_before).order_by(REFERRALS.c.sent_at.desc()))


def list_of_consultation(session: Session, scope: Scope, consultation: UUID) -> list[ReferralRow]:
    """List the referrals that came from a consultation, the first sent first."""
    query = WITH_DESK.where(REFERRALS.c.consultation_id == consultation, is_visible_to(scope))
    return _list(session, query.order_by(REFERRALS.c.sent_at, REFERRALS.c.id))


def _list(session: Session, query: Select[tuple[object, ...]]) -> list[ReferralRow]:
    return [_row(row) for row in session.execute(query)]


def _row(row: AnyRow) -> ReferralRow:
    return ReferralRow(**row._mapping)
