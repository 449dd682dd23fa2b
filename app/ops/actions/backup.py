"""Copies the database to one checked file while the app runs; the file appears whole or not at all."""

import os
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import insert_after
from app.audit.queries import lock_last_entry
from app.db.session import db, raw_connection, unit_of_work
from app.ops import queries, rules
from app.ops.actions import archive, postgresql, sqlite
from app.ops.actions.staging import errors_as_refusals, fsync, require_free_space, staging
from app.ops.rules import Contents, Manifest, OperationRefused
from app.settings import current_settings
from app.version import app_version


def back_up(path: Path) -> Path:
    """Write a backup to a new file, or into a directory under its full name; return its path.

    An audit entry is committed before the copy, so that every copy records that it was made and a failed attempt is
    recorded too; another one when the file is complete. Changes that the app confirmed before this call are in the
    copy. Raises OperationRefused, and then leaves no file.
    """
    directory = path if path.is_dir() else path.parent
    with errors_as_refusals(directory):
        _refuse_unfit(path, directory)
        _record("backed_up")
        target = _write(path, directory)
    try:
        with errors_as_refusals(directory):
            _record("backup_completed")
    except OperationRefused as refusal:
        raise OperationRefused(
            f"{target} is whole, but that could not be recorded: {refusal}"
        ) from refusal
    return target


def _refuse_unfit(path: Path, directory: Path) -> None:
    if path.exists() and not path.is_dir():
        raise OperationRefused(f"{path} is there already.")
    if not directory.is_dir():
        raise OperationRefused(f"{directory} is no directory.")
    if not queries.has_tables(db.engine):
        raise OperationRefused("The database is empty.")


def _record(action: str) -> None:
    # Not by `record_audit`: a database that is still to be upgraded is backed up too.
    with unit_of_work():
        session = db.session()
        entries = queries.find_audit_table(session)
        last = lock_last_entry(session, entries)
        session.execute(insert_after(entries, *last, action, "database"))


def _write(path: Path, directory: Path) -> Path:
    with staging(directory) as folder:
        made_at = clock.now()
        contents = _copy(db.engine, folder / "database")
        size, digest = archive.size_and_digest(folder / "database")
        require_free_space(directory, size)
        manifest = Manifest(
            app_version(), db.engine.dialect.name, made_at.isoformat(), contents, size, digest
        )
        key = current_settings().audit_key
        archive.write_archive(folder / "backup", manifest, folder / "database", key)
        target = path / rules.backup_name(made_at, contents) if path.is_dir() else path
        _publish(folder / "backup", target)
    return target


def _publish(temporary: Path, target: Path) -> None:
    """Give the complete, synchronised file its name; a link fails if another process was faster."""
    temporary.chmod(0o600)
    fsync(temporary)
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise OperationRefused(f"{target} is there already.") from None
    fsync(target.parent)


def _copy(engine: Engine, target: Path) -> Contents:
    if engine.dialect.name == "sqlite":
        source = Path(str(engine.url.database))
        require_free_space(target.parent, 2 * source.stat().st_size)
        sqlite.copy(source, target)
        return sqlite.read_contents(target)
    return _dump(engine, target)


def _dump(engine: Engine, target: Path) -> Contents:
    """Dump a snapshot from the server that exported it, and return the contents of the dumped tables in it."""
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
