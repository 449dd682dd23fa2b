"""Writes down what time has ended: nothing that anybody reads waits for it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from app import clock
from app.referrals.actions.trace import Happened, leave_event
from app.referrals.queries import referrals as reading
from app.referrals.queries.ended import list_overdue
from app.referrals.queries.referrals import OFFERS, REFERRALS
from app.referrals.rules import states
from app.shelters.actions.beds import announce, end_holds
from app.shelters.queries.shelters import get_shelter

AT_ONCE = 200


@dataclass(frozen=True)
class Tidied:
    """How many referrals were written down as expired or not come."""

    expired: int
    no_show: int


def tidy(session: Session) -> Tidied:
    """Writes down what time has ended, at most AT_ONCE referrals, in one transaction."""
    expired = no_show = 0
    for referral_id in list_overdue(session, clock.now(), AT_ONCE):
        state = _end(session, referral_id)
        expired += state == states.EXPIRED
        no_show += state == states.NO_SHOW
    return Tidied(expired, no_show)


def _end(session: Session, referral_id: UUID) -> str:
    """The state that time has left, "" where somebody was faster."""
    held = update(REFERRALS).where(REFERRALS.c.id == referral_id, REFERRALS.c.closed_at.is_(None))
    moved = held.values(version=REFERRALS.c.version + 1).returning(REFERRALS.c.id)
    if session.execute(moved).first() is None:
        return ""
    referral = reading.find_arrival(session, referral_id)
    if referral is None or referral.state_now == referral.state:
        return ""
    state = referral.state_now
    at = states.ended_by_time_at(state, referral.deadline, referral.hold_until)
    offers = reading.list_offers(session, [referral.id])[referral.id]
    announce(session, [one.shelter_id for one in offers])
    if referral.shelter_id is not None:
        end_holds(session, None, get_shelter(session, referral.shelter_id), referral.id, None)
    mine = (OFFERS.c.referral_id == referral.id) & OFFERS.c.is_open
    session.execute(update(OFFERS).where(mine).values(is_open=False, state=state))
    one = update(REFERRALS).where(REFERRALS.c.id == referral.id)
    session.execute(one.values(state=state, closed_at=at))
    leave_event(session, None, referral, Happened(state, referral.shelter_id, at=at))
    return state
