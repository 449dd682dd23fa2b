"""Reads the contents of a backup, and the time of the last one."""

from collections.abc import Collection
from datetime import datetime

from alembic.migration import MigrationContext
from sqlalchemy import Table, func, inspect, select, table, text
from sqlalchemy.orm import Session

from app.audit.models import COMPLETED_BACKUPS
from app.audit.queries import AUDIT_ENTRIES, entries_at, get_last_entry
from app.ops.rules import Contents, OperationRefused


def export_snapshot(session: Session) -> str:
    """Return the id by which another PostgreSQL session can use this transaction's snapshot."""
    return str(session.execute(text("SELECT pg_export_snapshot()")).scalar())


def lift_time_limits(session: Session) -> None:
    """Remove the time limits of this PostgreSQL transaction."""
    for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        session.execute(text(f"SET LOCAL {limit} = 0"))


def find_audit_table(session: Session) -> Table:
    """Return the table of the audit log, as the database's migration names its columns."""
    revisions = MigrationContext.configure(session.connection()).get_current_heads()
    return entries_at(max(revisions, default=""))


def read_contents(session: Session, dumped: Collection[str]) -> Contents:
    """Return the contents of the dumped tables in this transaction; raise OperationRefused if not of this app."""
    connection = session.connection()
    tables = sorted(set(inspect(connection).get_table_names()) & set(dumped))
    revisions = MigrationContext.configure(connection).get_current_heads()
    if len(revisions) != 1 or AUDIT_ENTRIES.name not in tables:
        raise OperationRefused("The database is not one of this app, or was never upgraded.")
    rows = {
        name: session.execute(select(func.count()).select_from(table(name))).scalar_one()
        for name in tables
    }
    return Contents(revisions[0], *get_last_entry(session, entries_at(revisions[0])), rows)


def find_last_backup(session: Session) -> datetime | None:
    """Return when the last backup was completed with a checked file; None if never."""
    last = (
        select(AUDIT_ENTRIES.c.at)
        .where(COMPLETED_BACKUPS)
        .order_by(AUDIT_ENTRIES.c.number.desc())
        .limit(1)
    )
    return session.execute(last).scalar()
