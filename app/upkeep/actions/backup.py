"""Copies the database to one file while the app runs; the file appears whole or not at all."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.audit.actions import note
from app.audit.queries import find_last
from app.base import clock
from app.base.database import db, raw_connection, unit_of_work
from app.upkeep import queries, rules
from app.upkeep.actions import postgresql
from app.upkeep.rules import Refused

PATIENCE = 120
"""Seconds to wait for a writer to let go of a SQLite file."""


def back_up(path: Path) -> Path:
    """Writes a backup to a new file, or into a directory under its full name; where it stands.

    Its audit entry is committed before the copy, so that every copy tells that it was made, and
    an attempt that failed is told too. What the app answered before this call is in the copy.
    Raises Refused.
    """
    if path.exists() and not path.is_dir():
        raise Refused(f"{path} is there already.")
    if not path.parent.is_dir():
        raise Refused(f"{path.parent} is no directory.")
    if not queries.has_tables(db.engine):
        raise Refused("The database is empty.")
    with unit_of_work():
        note(None, "backed_up", "database")
    with _part_in(path if path.is_dir() else path.parent) as part:
        number, seal = _copy(db.engine, part)
        target = path / rules.backup_name(clock.now(), number, seal) if path.is_dir() else path
        _put(part, target)
    return target


@contextmanager
def _part_in(directory: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(prefix=".ventanilla-", suffix=".part", dir=directory)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _put(part: Path, target: Path) -> None:
    """Gives the whole, stored file its name; a link refuses where somebody else was faster."""
    sync(part)
    try:
        os.link(part, target)
    except FileExistsError:
        raise Refused(f"{target} is there already.") from None
    sync(target.parent)


def sync(path: Path) -> None:
    """Returns when a file or directory is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy(engine: Engine, part: Path) -> tuple[int, str]:
    if engine.dialect.name == "sqlite":
        copy_sqlite(str(engine.url.database), part)
        return _head_of(part)
    return _dump(part)


def copy_sqlite(source: str, target: Path) -> None:
    """Copies a SQLite database as it stands at one moment and checks the copy; writers wait."""
    with (
        closing(sqlite3.connect(source, timeout=PATIENCE)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")
        if new.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise Refused("The copy is not sound: nothing was kept.")


def _head_of(copy: Path) -> tuple[int, str]:
    with closing(sqlite3.connect(copy)) as connection:
        row = connection.execute(
            "SELECT number, seal FROM audit_entry ORDER BY number DESC LIMIT 1"
        ).fetchone()
    return int(row[0]), str(row[1])


def _dump(part: Path) -> tuple[int, str]:
    """Dumps the snapshot in which the chain's head was read, from the server that gave it."""
    session = db.session()
    try:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        head, snapshot = find_last(session), queries.export_snapshot(session)
        command = [
            postgresql.program("pg_dump"),
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--snapshot={snapshot}",
            f"--file={part}",
        ]
        postgresql.run(db.engine, command, **_server(session))
    finally:
        db.session.rollback()
    postgresql.call([postgresql.program("pg_restore"), "--list", str(part)])
    return head


def _server(session: Session) -> dict[str, object]:
    info = raw_connection(session).info
    return {"host": info.host, "port": info.port}
