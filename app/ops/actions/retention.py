"""Deletes what is past its time: one list of kinds, each with its own limit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, delete, func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.db.session import connection_of
from app.email.queue import EMAILS, is_expired
from app.referrals.queries.expiry import is_note_expired
from app.referrals.queries.referrals import REFERRALS
from app.security.queries import SECURITY_EVENTS
from app.security.queries import is_past_retention as security_event_is_past
from app.staff.queries import SESSIONS

SESSIONS_KEPT = timedelta(days=90)
"""After sign-in; the longest session ends within a day (staff.rules), and an address is known for 30 days."""


@dataclass(frozen=True)
class Kind:
    """What is kept for a time only: its name in the trail (a subject), its name in words, the rows past their time.

    Such rows are deleted; where `emptied` names columns, only these get the values given there (`is_past` then leaves
    out the rows that have them).
    """

    subject: str
    what: str
    table: Table
    is_past: Callable[[datetime], ColumnElement[bool]]
    emptied: Mapping[str, object] | None = None


def _session_is_past(now: datetime) -> ColumnElement[bool]:
    return SESSIONS.c.started_at < now - SESSIONS_KEPT


KINDS = (
    Kind("letters", "letters, sent or given up a week ago", EMAILS, is_expired),
    Kind(
        "notes",
        "notes of referrals closed 30 days ago",
        REFERRALS,
        is_note_expired,
        {"note": ""},
    ),
    Kind("sessions", "sessions of staff, begun 90 days ago", SESSIONS, _session_is_past),
    Kind("security", "entries of the security log, 90 days old", SECURITY_EVENTS, security_event_is_past),
)


def count(session: Session, kind: Kind) -> int:
    """How many rows of a kind are past their time."""
    past = select(func.count()).select_from(kind.table).where(kind.is_past(clock.now()))
    return session.scalar(past) or 0


def purge(session: Session, kind: Kind) -> int:
    """Deletes or empties the rows of a kind that are past their time; how many, which the trail tells too."""
    past = kind.is_past(clock.now())
    change = (
        delete(kind.table).where(past)
        if kind.emptied is None
        else update(kind.table).where(past).values(**kind.emptied)
    )
    gone = connection_of(session).execute(change).rowcount
    record_audit(None, "purged", f"{kind.subject}:{gone}")
    return gone
