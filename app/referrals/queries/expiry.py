"""Finds what time has ended: referrals whose stored state is out of date, notes past their retention."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.referrals.queries.referrals import REFERRALS
from app.referrals.rules import states

NOTE_RETENTION = timedelta(days=30)


def is_note_expired(now: datetime) -> ColumnElement[bool]:
    """Return the condition for referrals with a note 30 days after closing (security.md, retention).

    If time alone has closed a referral, it counts from that time or, for a no-show, from the end of the hold.
    """
    ended = func.coalesce(REFERRALS.c.closed_at, REFERRALS.c.hold_until, REFERRALS.c.deadline)
    final = REFERRALS.c.closed_at.is_not(None) | REFERRALS.c.state.in_(states.EXPIRABLE)
    return (REFERRALS.c.note != "") & final & (ended < now - NOTE_RETENTION)


def list_overdue(session: Session, now: datetime, limit: int) -> list[UUID]:
    """List the ids of referrals to shelters that time may have ended, oldest deadline first, at most `limit`."""
    waiting = REFERRALS.c.state.in_(states.WAITING) & (REFERRALS.c.deadline <= now)
    missed = (REFERRALS.c.state == states.ACCEPTED) & (
        REFERRALS.c.hold_until <= now - states.NO_SHOW_AFTER
    )
    overdue = select(REFERRALS.c.id).where(
        REFERRALS.c.closed_at.is_(None), REFERRALS.c.service == states.SHELTER, waiting | missed
    )
    ordered = overdue.order_by(REFERRALS.c.deadline, REFERRALS.c.id).limit(limit)
    return list(session.scalars(ordered))
