"""SELECTs on the security log."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.db.session import AnyRow
from app.security.models import SecurityLogEntry
from app.security.rules import RETENTION

SECURITY_EVENTS = SecurityLogEntry.__table__


def list_events(session: Session, before: int | None, limit: int) -> Sequence[AnyRow]:
    """List entries, newest first; only those before the number `before`, for paging."""
    newest = select(SECURITY_EVENTS).order_by(SECURITY_EVENTS.c.number.desc()).limit(limit)
    if before is not None:
        newest = newest.where(SECURITY_EVENTS.c.number < before)
    return session.execute(newest).all()


def count_entries(session: Session, network: str, minute: datetime) -> int:
    """Return how many entries a network has in a minute."""
    own = (SECURITY_EVENTS.c.network == network) & (SECURITY_EVENTS.c.first_at >= minute)
    return session.scalar(select(func.count()).select_from(SECURITY_EVENTS).where(own)) or 0


def is_past_retention(now: datetime) -> ColumnElement[bool]:
    """Return the condition for entries that are past their retention."""
    return SECURITY_EVENTS.c.last_at < now - RETENTION
