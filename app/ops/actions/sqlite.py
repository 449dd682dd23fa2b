"""Copies and checks SQLite files; nobody else uses a copy while it is checked."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

from sqlalchemy import select

from app.audit.queries import entries_at
from app.ops.rules import Contents, OperationRefused

TIMEOUT_SECONDS = 120
"""Seconds to wait for a writer to release a SQLite file."""
TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
)
BUSY_CODES = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
JOURNAL_SUFFIXES = ("-journal", "-wal")


def copy(source: Path, target: Path) -> None:
    """Copy a database as of one moment; writers wait."""
    until = monotonic() + TIMEOUT_SECONDS

    def give_up(status: int, *_: int) -> None:
        if status in BUSY_CODES and monotonic() > until:
            raise OperationRefused(
                f"The database was in use for {TIMEOUT_SECONDS} seconds: nothing was kept."
            )

    with _open(source) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new, progress=give_up)
        new.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an existing file; never create one."""
    address = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=TIMEOUT_SECONDS)) as connection:
        yield connection


def read_contents(path: Path) -> Contents:
    """Return the contents of a database; raise OperationRefused if it is damaged or not one of this app."""
    with _open(path) as connection:
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise OperationRefused("The database file is damaged: nothing was kept.")
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise OperationRefused("The database has rows that refer to nothing: nothing was kept.")
        tables = sorted(name for (name,) in connection.execute(TABLES))
        if not {"alembic_version", "audit_entry"} <= set(tables):
            raise OperationRefused("The database is not one of this app.")
        revisions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        head = _last_entry(connection, revisions[0][0]) if len(revisions) == 1 else None
        rows = {name: _count(connection, name) for name in tables}
    if head is None:
        raise OperationRefused("The database is not one of this app.")
    return Contents(revisions[0][0], head[0], head[1], rows)


def _last_entry(connection: sqlite3.Connection, revision: str) -> tuple[int, str] | None:
    entries = entries_at(revision)
    newest = select(entries.c.number, entries.c.entry_hash).order_by(entries.c.number.desc())
    row: tuple[int, str] | None = connection.execute(f"{newest} LIMIT 1").fetchone()
    return row


def _count(connection: sqlite3.Connection, table: str) -> int:
    quoted = '"' + table.replace('"', '""') + '"'
    return int(connection.execute(f"SELECT count(*) FROM {quoted}").fetchone()[0])  # noqa: S608 - quoted


def run_script(path: Path, script: str) -> None:
    """Run statements on a database as one transaction."""
    with _open(path) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.executescript(f"BEGIN;\n{script}COMMIT;\n")


def refuse_used_file(path: Path) -> None:
    """Raise OperationRefused if a database file holds tables, or the journal of a former one is next to it."""
    for suffix in JOURNAL_SUFFIXES:
        journal = path.with_name(path.name + suffix)
        if journal.is_file() and journal.stat().st_size:
            raise OperationRefused(f"{journal} is left of a former database: move it away first.")
    if not path.exists() or not path.stat().st_size:
        return
    with _open(path) as connection:
        if connection.execute(TABLES).fetchone() is not None:
            raise OperationRefused("The database is not empty: restore into an empty one.")
