"""Reads the state of the database itself: reachable, migrated, empty, how it writes."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, func, inspect, select, table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.audit.models import COMPLETED_BACKUPS
from app.audit.queries import TRAIL, find_last
from app.upkeep.rules import Contents, Refused


def is_reachable(session: Session) -> bool:
    """Whether the database answers."""
    try:
        return bool(session.execute(text("SELECT 1")).scalar() == 1)
    except DBAPIError:
        session.rollback()
        return False


def migration_state(session: Session, directory: str) -> str:
    """`head` at the last migration of the directory, else `none`, `behind` or `unknown`."""
    scripts = _scripts(directory)
    here = set(MigrationContext.configure(session.connection()).get_current_heads())
    if here == set(scripts.get_heads()):
        return "head"
    if not here:
        return "none"
    known = {script.revision for script in scripts.walk_revisions()}
    return "behind" if here <= known else "unknown"


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


def find_clock(session: Session) -> datetime | None:
    """What time it is at the database server; None if that is this machine's own clock."""
    if session.get_bind().dialect.name != "postgresql":
        return None
    now = session.execute(text("SELECT clock_timestamp()")).scalar()
    return now if isinstance(now, datetime) else None


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


def export_snapshot(session: Session) -> str:
    """The name under which another PostgreSQL session sees what this transaction sees."""
    return str(session.execute(text("SELECT pg_export_snapshot()")).scalar())


def lift_time_limits(session: Session) -> None:
    """Lets this PostgreSQL transaction take as long as it needs."""
    for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        session.execute(text(f"SET LOCAL {limit} = 0"))


def read_contents(session: Session, dumped: Collection[str]) -> Contents:
    """What the database holds of the dumped tables as this transaction sees them; Refused if not of this app."""
    connection = session.connection()
    tables = sorted(set(inspect(connection).get_table_names()) & set(dumped))
    revisions = MigrationContext.configure(connection).get_current_heads()
    if len(revisions) != 1 or TRAIL.name not in tables:
        raise Refused("The database is not one of this app, or was never upgraded.")
    rows = {
        name: session.execute(select(func.count()).select_from(table(name))).scalar_one()
        for name in tables
    }
    return Contents(revisions[0], *find_last(session), rows)


def list_revisions(directory: str) -> list[str]:
    """The revisions that the migrations of a directory know, newest first."""
    return [script.revision for script in _scripts(directory).walk_revisions()]


def find_last_backup(session: Session) -> datetime | None:
    """When the last backup was completed: a checked file stood; None if never."""
    last = select(TRAIL.c.at).where(COMPLETED_BACKUPS).order_by(TRAIL.c.number.desc()).limit(1)
    return session.execute(last).scalar()
