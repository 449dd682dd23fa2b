"""SELECTs on the audit log."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Row, Select, Table, select
from sqlalchemy.orm import Session

from app.audit.models import FORMER_ENTRIES, RENAMED_IN, AuditEntry
from app.audit.rules import GENESIS_HASH, AuditRecord
from app.db.session import connection_of, raw_connection

AUDIT_ENTRIES = AuditEntry.__table__
LOCK_AND_LAST_ENTRY = (
    "SELECT pg_advisory_xact_lock(7203114);"
    " SELECT number, {hash} FROM audit_entry ORDER BY number DESC LIMIT 1"
)
"""Two statements in one round trip: the second sees what was written while the first waited."""


def entries_at(revision: str) -> Table:
    """Return the log's table as the database names its columns at a migration."""
    return AUDIT_ENTRIES if revision >= RENAMED_IN else FORMER_ENTRIES


def lock_last_entry(session: Session, entries: Table = AUDIT_ENTRIES) -> tuple[int, str]:
    """Lock the chain until the transaction ends; return number and hash of the last entry as `get_last_entry` does."""
    if connection_of(session).dialect.name != "postgresql":
        return get_last_entry(session, entries)
    with raw_connection(session).cursor() as cursor:
        cursor.execute(LOCK_AND_LAST_ENTRY.format(hash=entries.c.entry_hash.name))
        cursor.nextset()
        row = cursor.fetchone()
    return (row[0], row[1]) if row else (0, GENESIS_HASH)


def get_last_entry(session: Session, entries: Table = AUDIT_ENTRIES) -> tuple[int, str]:
    """Return number and hash of the last entry; (0, GENESIS_HASH) if the log is empty."""
    row = connection_of(session).execute(_newest(entries)).first()
    return (row.number, row.entry_hash) if row else (0, GENESIS_HASH)


@cache
def _newest(entries: Table) -> Select[tuple[int, str]]:
    columns = (entries.c.number, entries.c.entry_hash)
    return select(*columns).order_by(entries.c.number.desc()).limit(1)


def find_last_entry_at(session: Session) -> datetime | None:
    """Return when the last entry was made; None if there is none."""
    return session.scalar(
        select(AUDIT_ENTRIES.c.at).order_by(AUDIT_ENTRIES.c.number.desc()).limit(1)
    )


def was_read_this_minute(session: Session, record: AuditRecord) -> bool:
    """Return whether the account already has the same read action in the record's minute."""
    minute = record.at.replace(second=0, microsecond=0)
    same = (
        select(AUDIT_ENTRIES.c.number)
        .where(AUDIT_ENTRIES.c.account_id == record.account_id)
        .where(AUDIT_ENTRIES.c.at >= minute, AUDIT_ENTRIES.c.at < minute + timedelta(minutes=1))
        .where(AUDIT_ENTRIES.c.action == record.action, AUDIT_ENTRIES.c.subject == record.subject)
        .order_by(AUDIT_ENTRIES.c.number)
        .limit(1)
    )
    return session.execute(same).first() is not None


def iter_entries(
    session: Session, entries: Table = AUDIT_ENTRIES, chunk: int = 5000
) -> Iterator[Row[tuple[object, ...]]]:
    """Yield every row in the order of its number, read in chunks."""
    last = 0
    while True:
        step = (
            select(entries).where(entries.c.number > last).order_by(entries.c.number).limit(chunk)
        )
        rows = session.execute(step).all()
        yield from rows
        if len(rows) < chunk:
            return
        last = rows[-1].number


def list_latest_entries(
    session: Session, countries: Sequence[str] | None, before: int | None, limit: int = 100
) -> Sequence[Row[tuple[object, ...]]]:
    """List entries, newest first; of these countries, or of all if None; `before` a number, for paging."""
    newest = select(AUDIT_ENTRIES).order_by(AUDIT_ENTRIES.c.number.desc()).limit(limit)
    if countries is not None:
        newest = newest.where(AUDIT_ENTRIES.c.country.in_(countries))
    if before is not None:
        newest = newest.where(AUDIT_ENTRIES.c.number < before)
    return session.execute(newest).all()


def to_audit_record(row: Row[tuple[object, ...]]) -> tuple[int, datetime, AuditRecord, str]:
    """Return a row's number, time, content and hash."""
    record = AuditRecord(row.at, row.account_id, row.action, row.subject, row.country)
    return row.number, row.at, record, row.entry_hash
