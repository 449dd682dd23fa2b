"""Reads the state of the database itself: reachable, migrated, empty, how it writes."""

from datetime import datetime

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.audit.queries import find_last_at


def is_reachable(session: Session) -> bool:
    """Whether the database answers."""
    try:
        return bool(session.execute(text("SELECT 1")).scalar() == 1)
    except DBAPIError:
        session.rollback()
        return False


def migration_state(session: Session, directory: str) -> str:
    """`head` at the last migration of the directory, else `none`, `behind` or `unknown`."""
    config = Config()
    config.set_main_option("script_location", directory)
    scripts = ScriptDirectory.from_config(config)
    here = set(MigrationContext.configure(session.connection()).get_current_heads())
    if here == set(scripts.get_heads()):
        return "head"
    if not here:
        return "none"
    known = {script.revision for script in scripts.walk_revisions()}
    return "behind" if here <= known else "unknown"


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


def find_last_backup(session: Session) -> datetime | None:
    """When the last backup was made; None if there was none."""
    return find_last_at(session, "backed_up")


def has_table(session: Session, name: str) -> bool:
    """Whether a table exists."""
    return inspect(session.connection()).has_table(name)


def has_tables(engine: Engine) -> bool:
    """Whether the database holds any table, in whichever schema of ours."""
    look = inspect(engine)
    schemas = [name for name in look.get_schema_names() if name != "information_schema"]
    return any(look.get_table_names(schema) for schema in schemas)


def export_snapshot(session: Session) -> str:
    """The name under which another PostgreSQL session sees what this transaction sees."""
    return str(session.execute(text("SELECT pg_export_snapshot()")).scalar())
