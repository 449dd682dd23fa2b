"""Reads what time has ended: referrals that nobody wrote down yet, notes that were kept long enough."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.referrals.queries.referrals import REFERRALS
from app.referrals.rules import states

KEPT_NOTES = timedelta(days=30)


def note_is_past(now: datetime) -> ColumnElement[bool]:
    """The referrals whose note has had its time: 30 days after closing (security.md, retention).

    What time alone has closed counts from then: a hold's end is at most two days before its no-show.
    """
    ended = func.coalesce(REFERRALS.c.closed_at, REFERRALS.c.hold_until, REFERRALS.c.deadline)
    final = REFERRALS.c.closed_at.is_not(None) | REFERRALS.c.state.in_(states.TIMED)
    return (REFERRALS.c.note != "") & final & (ended < now - KEPT_NOTES)


def list_overdue(session: Session, now: datetime, limit: int) -> list[UUID]:
    """Referrals to shelters that time alone has ended or may have ended, oldest deadline first."""
    waiting = REFERRALS.c.state.in_(states.WAITING) & (REFERRALS.c.deadline <= now)
    missed = (REFERRALS.c.state == states.ACCEPTED) & (
        REFERRALS.c.hold_until <= now - states.NO_SHOW_AFTER
    )
    open_ones = select(REFERRALS.c.id).where(
        REFERRALS.c.closed_at.is_(None), REFERRALS.c.service == states.SHELTER, waiting | missed
    )
    ordered = open_ones.order_by(REFERRALS.c.deadline, REFERRALS.c.id).limit(limit)
    return list(session.scalars(ordered))
