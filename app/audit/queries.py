"""Reads the trail."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.audit.rules import GENESIS_HASH, AuditRecord
from app.db.session import connection_of, raw_connection

AUDIT_ENTRIES = AuditEntry.__table__
LAST = select(AUDIT_ENTRIES.c.number, AUDIT_ENTRIES.c.seal).order_by(AUDIT_ENTRIES.c.number.desc()).limit(1)
LOCK_AND_LAST = (
    "SELECT pg_advisory_xact_lock(7203114);"
    " SELECT number, seal FROM audit_entry ORDER BY number DESC LIMIT 1"
)
"""Two statements in one journey: the second sees what was written while the first waited."""


def lock_last_entry(session: Session) -> tuple[int, str]:
    """Number and seal of the last line, with the chain locked until the transaction ends; (0, START) when empty."""
    if connection_of(session).dialect.name != "postgresql":
        return get_last_entry(session)
    with raw_connection(session).cursor() as cursor:
        cursor.execute(LOCK_AND_LAST)
        cursor.nextset()
        row = cursor.fetchone()
    return (row[0], row[1]) if row else (0, GENESIS_HASH)


def get_last_entry(session: Session) -> tuple[int, str]:
    """Number and seal of the last line; (0, START) when the trail is empty."""
    row = connection_of(session).execute(LAST).first()
    return (row.number, row.seal) if row else (0, GENESIS_HASH)


def find_last_entry_at(session: Session) -> datetime | None:
    """When the last entry was made; None if there is none."""
    return session.scalar(select(AUDIT_ENTRIES.c.at).order_by(AUDIT_ENTRIES.c.number.desc()).limit(1))


def was_read_this_minute(session: Session, entry: AuditRecord) -> bool:
    """Whether the account already left the same reading in the minute of the entry."""
    minute = entry.at.replace(second=0, microsecond=0)
    same = (
        select(AUDIT_ENTRIES.c.number)
        .where(AUDIT_ENTRIES.c.account_id == entry.account_id)
        .where(AUDIT_ENTRIES.c.at >= minute, AUDIT_ENTRIES.c.at < minute + timedelta(minutes=1))
        .where(AUDIT_ENTRIES.c.act == entry.act, AUDIT_ENTRIES.c.subject == entry.subject)
        .order_by(AUDIT_ENTRIES.c.number)
        .limit(1)
    )
    return session.execute(same).first() is not None


def iter_entries(session: Session, chunk: int = 5000) -> Iterator[Row[tuple[object, ...]]]:
    """Every line in the order of its number, read in short chunks."""
    last = 0
    while True:
        step = select(AUDIT_ENTRIES).where(AUDIT_ENTRIES.c.number > last).order_by(AUDIT_ENTRIES.c.number).limit(chunk)
        rows = session.execute(step).all()
        yield from rows
        if len(rows) < chunk:
            return
        last = rows[-1].number


def list_latest_entries(
    session: Session, countries: Sequence[str] | None, before: int | None, limit: int = 100
) -> Sequence[Row[tuple[object, ...]]]:
    """The newest lines, newest first; of these countries only, or of all where None; `before` a number, to page on."""
    newest = select(AUDIT_ENTRIES).order_by(AUDIT_ENTRIES.c.number.desc()).limit(limit)
    if countries is not None:
        newest = newest.where(AUDIT_ENTRIES.c.country.in_(countries))
    if before is not None:
        newest = newest.where(AUDIT_ENTRIES.c.number < before)
    return session.execute(newest).all()


def to_audit_record(row: Row[tuple[object, ...]]) -> tuple[int, datetime, AuditRecord, str]:
    """A line's number, moment, content and seal."""
    entry = AuditRecord(row.at, row.account_id, row.act, row.subject, row.country)
    return row.number, row.at, entry, row.seal
