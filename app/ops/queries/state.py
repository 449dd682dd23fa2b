"""Reads the state of the database itself: reachable, writable, migrated, empty, how it writes."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db.faults import OTHER, UNREACHABLE, DatabaseFault, classify_error
from app.db.session import AnyRow, db, rollback_or_invalidate, write_transaction
from app.db.timeouts import FOR_READINESS

MIGRATIONS = "alembic_version"


def find_fault(session: Session) -> DatabaseFault | None:
    """Return the fault that prevents reads or writes; None if the database takes a small change, which is rolled back.

    It waits for no lock longer than FOR_READINESS, and holds none longer than one statement takes.
    """
    session.rollback()
    try:
        session.execute(text("SELECT 1"))
        if session.get_bind().dialect.name == "sqlite":
            session.rollback()
            _change_sqlite(db.engine.url.database)
        else:
            _change_postgresql(session)
    except (DBAPIError, sqlite3.Error) as error:
        fault = classify_error(error)
        return DatabaseFault(UNREACHABLE) if fault.kind == OTHER else fault
    finally:
        rollback_or_invalidate()
    return None


def _change_postgresql(session: Session) -> None:
    """Lock the row of the last migration, unless it is locked: this waits for nobody and leaves nothing to clean up."""
    session.rollback()
    with write_transaction():
        limit_waiting(session)
        if has_table(session, MIGRATIONS):
            session.execute(text("SELECT 1 FROM alembic_version FOR UPDATE SKIP LOCKED"))


def limit_waiting(session: Session) -> None:
    """Limit this transaction's waits to the time that a monitor's request may take; do nothing on SQLite."""
    if session.get_bind().dialect.name == "postgresql":
        limits = (
            f"SET LOCAL lock_timeout = {FOR_READINESS.lock}; "
            f"SET LOCAL statement_timeout = {FOR_READINESS.statement}"
        )
        session.execute(text(limits))


def _change_sqlite(file: str | None) -> None:
    """Update the row of the last migration to its own value, over a separate connection with a short timeout."""
    if not file or file == ":memory:":
        return
    address = f"{Path(file).absolute().as_uri()}?mode=rw"
    seconds = FOR_READINESS.lock / 1000
    with closing(sqlite3.connect(address, timeout=seconds, isolation_level=None, uri=True)) as own:
        own.execute("BEGIN IMMEDIATE")
        exists = "SELECT 1 FROM sqlite_master WHERE name = ?"
        if own.execute(exists, (MIGRATIONS,)).fetchone():
            own.execute("UPDATE alembic_version SET version_num = version_num")
        own.execute("ROLLBACK")


@dataclass(frozen=True)
class Revisions:
    """The migrations of a database: `head`, `none`, `behind`, `unknown` if a newer program made it; and their names."""

    state: str
    text: str

    @property
    def is_known(self) -> bool:
        return self.state != "unknown"


def find_revisions(connection: Connection, directory: str) -> Revisions:
    """Return the state of the database against the migrations of a directory."""
    scripts = _scripts(directory)
    applied = set(MigrationContext.configure(connection).get_current_heads())
    available = {script.revision for script in scripts.walk_revisions()}
    state = "behind" if applied else "none"
    if applied == set(scripts.get_heads()):
        state = "head"
    if not applied <= available:
        state = "unknown"
    return Revisions(state, ", ".join(sorted(applied)))


def migration_state(session: Session, directory: str) -> str:
    """Return the `state` of Revisions."""
    return find_revisions(session.connection(), directory).state


def list_blocking(connection: Connection, pid: int) -> Sequence[AnyRow]:
    """Return the PostgreSQL backends that a backend waits for, the longest transaction first; never their queries."""
    blocking = """
        SELECT pid, application_name, extract(epoch FROM now() - xact_start)::int AS seconds
        FROM pg_stat_activity WHERE pid = ANY(pg_blocking_pids(:pid)) ORDER BY xact_start, pid
    """
    return connection.execute(text(blocking), {"pid": pid}).all()


@cache
def _scripts(directory: str) -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", directory)
    return ScriptDirectory.from_config(config)


def find_journal_mode(session: Session) -> str | None:
    """Return SQLite's journal mode (`wal`, `truncate`, …); None on another database."""
    if session.get_bind().dialect.name != "sqlite":
        return None
    return str(session.execute(text("PRAGMA journal_mode")).scalar())


def is_synchronous(session: Session) -> bool:
    """Whether SQLite keeps a confirmed change through a power cut (synchronous is FULL or more)."""
    if session.get_bind().dialect.name != "sqlite":
        return True
    return int(session.execute(text("PRAGMA synchronous")).scalar() or 0) >= 2


def has_table(session: Session, name: str) -> bool:
    """Whether a table exists."""
    return inspect(session.connection()).has_table(name)


def has_tables(engine: Engine) -> bool:
    """Whether the database has any table, in any schema but `information_schema`; creates no SQLite file."""
    if engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).is_file():
        return False
    inspector = inspect(engine)
    schemas = [name for name in inspector.get_schema_names() if name != "information_schema"]
    return any(inspector.get_table_names(schema) for schema in schemas)


def find_server_time(session: Session) -> datetime | None:
    """Return the time at the database server; None if it runs on this machine's own clock (SQLite)."""
    if session.get_bind().dialect.name != "postgresql":
        return None
    now = session.execute(text("SELECT clock_timestamp()")).scalar()
    return now if isinstance(now, datetime) else None


def list_revisions(directory: str) -> list[str]:
    """Return the revisions that the migrations of a directory know, newest first."""
    return [script.revision for script in _scripts(directory).walk_revisions()]
