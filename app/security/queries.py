"""Reads the security log."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.db.session import Record
from app.security.models import SecurityEvent
from app.security.rules import KEPT

EVENTS = SecurityEvent.__table__


def list_events(session: Session, before: int | None, limit: int) -> Sequence[Record]:
    """The newest entries, newest first; `before` a number, to page on."""
    newest = select(EVENTS).order_by(EVENTS.c.number.desc()).limit(limit)
    if before is not None:
        newest = newest.where(EVENTS.c.number < before)
    return session.execute(newest).all()


def count_entries(session: Session, network: str, minute: datetime) -> int:
    """How many entries a network has in a minute."""
    own = (EVENTS.c.network == network) & (EVENTS.c.first_at >= minute)
    return session.scalar(select(func.count()).select_from(EVENTS).where(own)) or 0


def is_past(now: datetime) -> ColumnElement[bool]:
    """What holds for entries that are past their time."""
    return EVENTS.c.last_at < now - KEPT
