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

from app.db.faults import OTHER, UNREACHABLE, Fault, fault_of
from app.db.session import Record, abandon, db, write_transaction
from app.db.timeouts import FOR_READINESS

MIGRATIONS = "alembic_version"


def find_fault(session: Session) -> Fault | None:
    """What keeps the database from being read and changed; None if it takes a small change, which is not kept.

    No lock is waited for longer than FOR_READINESS, and none is held longer than one statement takes.
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
        fault = fault_of(error)
        return Fault(UNREACHABLE) if fault.kind == OTHER else fault
    finally:
        abandon()
    return None


def _change_postgresql(session: Session) -> None:
    """Locks the row of the last migration, unless somebody has: it waits for nobody and leaves nothing to tidy up."""
    session.rollback()
    with write_transaction():
        limit_waiting(session)
        if has_table(session, MIGRATIONS):
            session.execute(text("SELECT 1 FROM alembic_version FOR UPDATE SKIP LOCKED"))


def limit_waiting(session: Session) -> None:
    """Bounds what this transaction waits for to what a monitor's question may take; nothing on SQLite."""
    if session.get_bind().dialect.name == "postgresql":
        most = FOR_READINESS
        limits = (
            f"SET LOCAL lock_timeout = {most.lock}; SET LOCAL statement_timeout = {most.statement}"
        )
        session.execute(text(limits))


def _change_sqlite(file: str | None) -> None:
    """Changes the row of the last migration to what it is, over a connection of its own that soon gives up."""
    if not file or file == ":memory:":
        return
    address = f"{Path(file).absolute().as_uri()}?mode=rw"
    seconds = FOR_READINESS.lock / 1000
    with closing(sqlite3.connect(address, timeout=seconds, isolation_level=None, uri=True)) as own:
        own.execute("BEGIN IMMEDIATE")
        known = "SELECT 1 FROM sqlite_master WHERE name = ?"
        if own.execute(known, (MIGRATIONS,)).fetchone():
            own.execute("UPDATE alembic_version SET version_num = version_num")
        own.execute("ROLLBACK")


@dataclass(frozen=True)
class Revisions:
    """Which migrations a database has had: `head`, `none`, `behind`, or `unknown`: made by a newer program."""

    state: str
    shown: str

    @property
    def is_known(self) -> bool:
        return self.state != "unknown"


def find_revisions(connection: Connection, directory: str) -> Revisions:
    """How the database stands to the migrations of a directory."""
    scripts = _scripts(directory)
    here = set(MigrationContext.configure(connection).get_current_heads())
    known = {script.revision for script in scripts.walk_revisions()}
    state = "behind" if here else "none"
    if here == set(scripts.get_heads()):
        state = "head"
    if not here <= known:
        state = "unknown"
    return Revisions(state, ", ".join(sorted(here)))


def migration_state(session: Session, directory: str) -> str:
    """The state of Revisions."""
    return find_revisions(session.connection(), directory).state


def list_blocking(connection: Connection, pid: int) -> Sequence[Record]:
    """The PostgreSQL backends that a backend waits for, the longest transaction first; never what they run."""
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
    """How SQLite keeps its journal (`wal`, `truncate`, …); None on another database."""
    if session.get_bind().dialect.name != "sqlite":
        return None
    return str(session.execute(text("PRAGMA journal_mode")).scalar())


def is_synchronous(session: Session) -> bool:
    """Whether SQLite keeps an answered change through a power cut (synchronous is FULL or more)."""
    if session.get_bind().dialect.name != "sqlite":
        return True
    return int(session.execute(text("PRAGMA synchronous")).scalar() or 0) >= 2


def has_table(session: Session, name: str) -> bool:
    """Whether a table exists."""
    return inspect(session.connection()).has_table(name)


def has_tables(engine: Engine) -> bool:
    """Whether the database holds any table, in whichever schema of ours; makes no SQLite file."""
    if engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).is_file():
        return False
    look = inspect(engine)
    schemas = [name for name in look.get_schema_names() if name != "information_schema"]
    return any(look.get_table_names(schema) for schema in schemas)


def find_clock(session: Session) -> datetime | None:
    """What time it is at the database server; None if that is this machine's own clock."""
    if session.get_bind().dialect.name != "postgresql":
        return None
    now = session.execute(text("SELECT clock_timestamp()")).scalar()
    return now if isinstance(now, datetime) else None


def list_revisions(directory: str) -> list[str]:
    """The revisions that the migrations of a directory know, newest first."""
    return [script.revision for script in _scripts(directory).walk_revisions()]
