"""Copies the database to one checked file while the app runs; the file appears whole or not at all."""

import os
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.db.session import db, raw_connection, unit_of_work
from app.ops import queries, rules
from app.ops.actions import archive, postgresql, sqlite
from app.ops.actions.staging import in_one_sentence, refuse_lack_of_space, staging, sync
from app.ops.rules import Contents, Manifest, Refused
from app.settings import current_settings
from app.version import app_version


def back_up(path: Path) -> Path:
    """Writes a backup to a new file, or into a directory under its full name; where it stands.

    An audit entry is committed before the copy, so that every copy tells that it was made and an
    attempt that failed is told too; another one when the file stands. What the app answered before
    this call is in the copy. Raises Refused, and then leaves no file.
    """
    directory = path if path.is_dir() else path.parent
    with in_one_sentence(directory):
        _refuse_unfit(path, directory)
        _leave_entry("backed_up")
        target = _write(path, directory)
    try:
        with in_one_sentence(directory):
            _leave_entry("backup_completed")
    except Refused as problem:
        raise Refused(f"{target} is whole, but that could not be recorded: {problem}") from problem
    return target


def _refuse_unfit(path: Path, directory: Path) -> None:
    if path.exists() and not path.is_dir():
        raise Refused(f"{path} is there already.")
    if not directory.is_dir():
        raise Refused(f"{directory} is no directory.")
    if not queries.has_tables(db.engine):
        raise Refused("The database is empty.")


def _leave_entry(act: str) -> None:
    with unit_of_work():
        record_audit(None, act, "database")


def _write(path: Path, directory: Path) -> Path:
    with staging(directory) as place:
        made_at = clock.now()
        contents = _copy(db.engine, place / "database")
        size, digest = archive.digest_of(place / "database")
        refuse_lack_of_space(directory, size)
        manifest = Manifest(
            app_version(), db.engine.dialect.name, made_at.isoformat(), contents, size, digest
        )
        key = current_settings().audit_key
        archive.write(place / "backup", manifest, place / "database", key)
        target = path / rules.backup_name(made_at, contents) if path.is_dir() else path
        _publish(place / "backup", target)
    return target


def _publish(part: Path, target: Path) -> None:
    """Gives the whole, stored file its name; a link refuses if somebody else was faster."""
    part.chmod(0o600)
    sync(part)
    try:
        os.link(part, target)
    except FileExistsError:
        raise Refused(f"{target} is there already.") from None
    sync(target.parent)


def _copy(engine: Engine, target: Path) -> Contents:
    if engine.dialect.name == "sqlite":
        source = Path(str(engine.url.database))
        refuse_lack_of_space(target.parent, 2 * source.stat().st_size)
        sqlite.copy(source, target)
        return sqlite.read_contents(target)
    return _dump(engine, target)


def _dump(engine: Engine, target: Path) -> Contents:
    """Dumps a snapshot from the server that gave it, and reads the contents of what was dumped in it."""
    session = db.session()
    try:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        queries.lift_time_limits(session)
        postgresql.dump(engine, target, queries.export_snapshot(session), _server(session))
        with target.open("rb") as file:
            dumped = postgresql.list_tables(iter(lambda: file.read(2**20), b""))
        return queries.read_contents(session, dumped)
    finally:
        db.session.rollback()


def _server(session: Session) -> dict[str, object]:
    info = raw_connection(session).info
    return {"host": info.host, "port": info.port}
