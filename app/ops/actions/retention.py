"""Deletes rows whose retention time has ended: one list of kinds, each with its own time limit."""

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

SESSION_RETENTION = timedelta(days=90)
"""After sign-in; the longest session ends within a day (staff.rules), and an address is known for 30 days."""


@dataclass(frozen=True)
class RetentionKind:
    """Rows with a retention time: subject in the audit log, description, table, and the condition for expired rows.

    Such rows are deleted; if `cleared` is set, only its columns get its values (`is_past` then leaves out the rows that
    already have them).
    """

    subject: str
    description: str
    table: Table
    is_past: Callable[[datetime], ColumnElement[bool]]
    cleared: Mapping[str, object] | None = None


def _session_is_past(now: datetime) -> ColumnElement[bool]:
    return SESSIONS.c.started_at < now - SESSION_RETENTION


KINDS = (
    RetentionKind("letters", "e-mails, sent or given up a week ago", EMAILS, is_expired),
    RetentionKind(
        "notes",
        "notes of referrals closed 30 days ago",
        REFERRALS,
        is_note_expired,
        {"note": ""},
    ),
    RetentionKind("sessions", "sessions of staff, begun 90 days ago", SESSIONS, _session_is_past),
    RetentionKind(
        "security",
        "entries of the security log, 90 days old",
        SECURITY_EVENTS,
        security_event_is_past,
    ),
)


def count_expired(session: Session, kind: RetentionKind) -> int:
    """Return the number of expired rows of a kind."""
    past = select(func.count()).select_from(kind.table).where(kind.is_past(clock.now()))
    return session.scalar(past) or 0


def purge(session: Session, kind: RetentionKind) -> int:
    """Delete or clear the expired rows of a kind; return their number, which the audit log has too."""
    past = kind.is_past(clock.now())
    change = (
        delete(kind.table).where(past)
        if kind.cleared is None
        else update(kind.table).where(past).values(**kind.cleared)
    )
    n_rows = connection_of(session).execute(change).rowcount
    record_audit(None, "purged", f"{kind.subject}:{n_rows}")
    return n_rows
