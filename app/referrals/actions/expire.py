"""Stores the states that referrals reached by time alone; reads calculate them and do not wait for this."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from app import clock
from app.referrals.actions.events import EventData, record_event
from app.referrals.queries import referrals as queries
from app.referrals.queries.expiry import list_overdue
from app.referrals.queries.referrals import OFFERS, REFERRALS, ReferralRow
from app.referrals.rules import states
from app.shelters.actions.beds import end_holds, lock_and_bump_inboxes
from app.shelters.queries.shelters import get_shelter

BATCH_SIZE = 200


@dataclass(frozen=True)
class ExpiryCounts:
    """How many referrals were stored as expired and as not come."""

    expired: int
    no_show: int


def expire_overdue(session: Session) -> ExpiryCounts:
    """Store the states that time alone has changed, of at most BATCH_SIZE referrals, in one transaction."""
    expired = no_show = 0
    for referral_id in list_overdue(session, clock.now(), BATCH_SIZE):
        state = _expire(session, referral_id)
        expired += state == states.EXPIRED
        no_show += state == states.NO_SHOW
    return ExpiryCounts(expired, no_show)


def _expire(session: Session, referral_id: UUID) -> str:
    """Lock a referral and end it; return its new state, "" if another transaction was faster."""
    is_open = (REFERRALS.c.id == referral_id) & REFERRALS.c.closed_at.is_(None)
    new_version = update(REFERRALS).where(is_open).values(version=REFERRALS.c.version + 1)
    if session.execute(new_version.returning(REFERRALS.c.id)).first() is None:
        return ""
    referral = queries.find_referral_unscoped(session, referral_id)
    state = referral.state_now if referral else ""
    if referral is None or state == referral.state:
        return ""
    _end(session, referral, state)
    return state


def _end(session: Session, referral: ReferralRow, state: str) -> None:
    at = states.ended_by_time_at(state, referral.deadline, referral.hold_until)
    offers = queries.list_offers_unscoped(session, [referral.id])[referral.id]
    lock_and_bump_inboxes(session, [offer.shelter_id for offer in offers])
    if referral.shelter_id is not None:
        end_holds(session, None, get_shelter(session, referral.shelter_id), referral.id, None)
    is_open_offer = (OFFERS.c.referral_id == referral.id) & OFFERS.c.is_open
    session.execute(update(OFFERS).where(is_open_offer).values(is_open=False, state=state))
    statement = update(REFERRALS).where(REFERRALS.c.id == referral.id)
    session.execute(statement.values(state=state, closed_at=at))
    record_event(session, None, referral, EventData(state, referral.shelter_id, at=at))
