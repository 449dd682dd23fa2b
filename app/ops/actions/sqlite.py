"""Copies and checks SQLite files; a copy is used by nobody else while it is looked at."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

from app.ops.rules import Contents, Refused

PATIENCE = 120
"""Seconds to wait for a writer to release a SQLite file."""
TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
)
IN_USE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
LEFT_OVERS = ("-journal", "-wal")


def copy(source: Path, target: Path) -> None:
    """Copies a database as it stands at one moment; writers wait."""
    until = monotonic() + PATIENCE

    def give_up(status: int, *_: int) -> None:
        if status in IN_USE and monotonic() > until:
            raise Refused(f"The database was in use for {PATIENCE} seconds: nothing was kept.")

    with _open(source) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new, progress=give_up)
        new.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    """Opens a file that exists; never makes one."""
    address = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE)) as connection:
        yield connection


def read_contents(path: Path) -> Contents:
    """What a database holds; raises Refused if the file is damaged, or its database not of this app."""
    with _open(path) as connection:
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise Refused("The database file is damaged: nothing was kept.")
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise Refused("The database has rows that refer to nothing: nothing was kept.")
        tables = sorted(name for (name,) in connection.execute(TABLES))
        if not {"alembic_version", "audit_entry"} <= set(tables):
            raise Refused("The database is not one of this app.")
        revisions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        head = connection.execute(
            "SELECT number, seal FROM audit_entry ORDER BY number DESC LIMIT 1"
        ).fetchone()
        rows = {name: _count(connection, name) for name in tables}
    if len(revisions) != 1 or head is None:
        raise Refused("The database is not one of this app.")
    return Contents(revisions[0][0], head[0], head[1], rows)


def _count(connection: sqlite3.Connection, table: str) -> int:
    quoted = '"' + table.replace('"', '""') + '"'
    return int(connection.execute(f"SELECT count(*) FROM {quoted}").fetchone()[0])  # noqa: S608 - quoted


def run_script(path: Path, script: str) -> None:
    """Runs statements on a database as one transaction."""
    with _open(path) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.executescript(f"BEGIN;\n{script}COMMIT;\n")


def refuse_used_place(path: Path) -> None:
    """Raises Refused if a database file holds tables, or the journal of a former one lies beside it."""
    for ending in LEFT_OVERS:
        journal = path.with_name(path.name + ending)
        if journal.is_file() and journal.stat().st_size:
            raise Refused(f"{journal} is left of a former database: move it away first.")
    if not path.exists() or not path.stat().st_size:
        return
    with _open(path) as connection:
        if connection.execute(TABLES).fetchone() is not None:
            raise Refused("The database is not empty: restore into an empty one.")
