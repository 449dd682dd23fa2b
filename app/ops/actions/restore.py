"""Restores a backup into an empty database: all of it, checked, or nothing."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from psycopg.sql import SQL, Identifier, Literal
from sqlalchemy import Engine, update
from sqlalchemy.sql.dml import UpdateBase

from app import clock
from app.audit.actions import insert_after, verify_chain
from app.audit.queries import entries_at
from app.db.session import db
from app.ops import queries, rules
from app.ops.actions import archive, postgresql, sqlite
from app.ops.actions.archive import BackupArchive
from app.ops.actions.staging import (
    errors_as_refusals,
    fsync,
    locked_directory,
    require_free_space,
    staging,
)
from app.ops.rules import Contents, Manifest, OperationRefused
from app.staff.queries import INVITATIONS, SESSIONS

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class RestoreResult:
    """The database after a restore: number of valid audit entries, the first broken one, whether to upgrade."""

    entries: int
    broken: int | None
    needs_upgrade: bool


def restore(path: Path, key: str | None) -> RestoreResult:
    """Restore a backup that was signed with the key, or with any key if it is None.

    Sessions and one-time links of the time of the backup are ended in the same step: an account that signed out since
    must not be signed in again, and a link used since must not open twice. Raises OperationRefused, and then leaves
    the database as it was.
    """
    engine = db.engine
    with errors_as_refusals(_directory_of(engine)):
        _refuse_used(engine)
        with archive.open_archive(path, key) as backup:
            _refuse_incompatible(backup.manifest, engine.dialect.name)
            engine.dispose()
            _RESTORE[engine.dialect.name](engine, backup)
        return _verify_audit_log()


def _directory_of(engine: Engine) -> Path:
    return Path(str(engine.url.database)).parent if engine.dialect.name == "sqlite" else Path()


def _refuse_used(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        sqlite.refuse_used_file(Path(str(engine.url.database)))
    elif queries.has_tables(engine):
        raise OperationRefused("The database is not empty: restore into an empty one.")


def _refuse_incompatible(manifest: Manifest, name: str) -> None:
    """Raise OperationRefused if this database or this release cannot take the backup."""
    if manifest.database != name:
        raise OperationRefused(
            f"This is a backup of {NAMES[manifest.database]}; the database here is {NAMES[name]}."
        )
    revision = manifest.contents.revision
    if revision not in queries.list_revisions(current_app.extensions["migrate"].directory):
        raise OperationRefused(
            f"This backup was made by a newer release ({manifest.app_version}, revision {revision}): "
            "restore it with that one."
        )


def _restore_sqlite(engine: Engine, backup: BackupArchive) -> None:
    target, manifest = Path(str(engine.url.database)), backup.manifest
    require_free_space(target.parent, manifest.payload_bytes)
    with staging(target.parent) as folder:
        temporary = folder / "database"
        with temporary.open("xb") as out:
            for chunk in backup.payload():
                out.write(chunk)
        temporary.chmod(0o600)
        rules.refuse_other_contents(manifest.contents, sqlite.read_contents(temporary))
        script = "".join(
            f"{text};\n" for text in _literal(engine, _final_statements(manifest.contents))
        )
        sqlite.run_script(temporary, script)
        fsync(temporary)
        with locked_directory(target.parent):
            sqlite.refuse_used_file(target)
            os.replace(temporary, target)
            fsync(target.parent)


def _restore_postgresql(engine: Engine, backup: BackupArchive) -> None:
    contents = backup.manifest.contents
    if not set(contents.rows) <= postgresql.list_tables(backup.payload()):
        raise OperationRefused("The tables in this backup are not those of its manifest.")
    final = [_check_contents(contents), *_literal(engine, _final_statements(contents))]
    postgresql.restore(engine, backup.payload(), "".join(f"{text};\n" for text in final))


_RESTORE = {"sqlite": _restore_sqlite, "postgresql": _restore_postgresql}


def _check_contents(contents: Contents) -> str:
    """Return the statement that aborts a restore unless it wrote what the manifest promises."""
    tables = [
        SQL("(SELECT count(*) FROM {}) <> {}").format(Identifier(name), Literal(count))
        for name, count in contents.rows.items()
    ]
    # Two conditions: the second is planned only after the first, which says how the log's columns are named.
    check = SQL(
        "RESET search_path;\n"
        "DO $check$ BEGIN IF EXISTS (SELECT FROM alembic_version WHERE version_num = {}) THEN"
        " IF NOT ({} OR NOT EXISTS (SELECT FROM audit_entry WHERE number = {} AND {} = {}))"
        " THEN RETURN; END IF; END IF;"
        " RAISE 'the tables or rows in this backup are not those of its manifest'; END $check$"
    )
    hash_column = Identifier(entries_at(contents.revision).c.entry_hash.name)
    head = (Literal(contents.audit_number), hash_column, Literal(contents.audit_hash))
    return check.format(Literal(contents.revision), SQL(" OR ").join(tables), *head).as_string()


def _final_statements(contents: Contents) -> Iterable[UpdateBase]:
    """Yield the statements that end sessions and links, if their tables exist, and record the restore."""
    if SESSIONS.name in contents.rows:
        yield update(SESSIONS).where(SESSIONS.c.ended_at.is_(None)).values(ended_at=clock.now())
    if INVITATIONS.name in contents.rows:
        unused = update(INVITATIONS).where(INVITATIONS.c.used_at.is_(None))
        yield unused.values(used_at=clock.now())
    entries = entries_at(contents.revision)
    yield insert_after(entries, contents.audit_number, contents.audit_hash, "restored", "database")


def _literal(engine: Engine, statements: Iterable[UpdateBase]) -> list[str]:
    options = {"literal_binds": True}
    return [str(statement.compile(engine, compile_kwargs=options)) for statement in statements]


def _verify_audit_log() -> RestoreResult:
    session = db.session()
    try:
        entries, broken = verify_chain(session, queries.find_audit_table(session))
        state = queries.migration_state(session, current_app.extensions["migrate"].directory)
    finally:
        db.session.rollback()
    return RestoreResult(entries, broken, state == "behind")
