"""Puts a backup into an empty place: the whole of it, checked, or nothing."""

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
from app.db.session import db
from app.ops import queries, rules
from app.ops.actions import archive, postgresql, sqlite
from app.ops.actions.archive import Archive
from app.ops.actions.staging import in_one_sentence, locked, refuse_lack_of_space, staging, sync
from app.ops.rules import Contents, Manifest, Refused
from app.staff.queries import INVITATIONS, SESSIONS

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class Restored:
    """What stands after a restore: audit entries that hold, the first broken one, whether to upgrade."""

    entries: int
    broken: int | None
    needs_upgrade: bool


def restore(path: Path, key: str | None) -> Restored:
    """Restores a backup that was sealed with the key, or by whomever if it is None.

    Sessions and one-time links of the time of the backup are ended in the same step: who signed
    out since must not be signed in again, and a link used since must not open twice. Raises
    Refused, and then leaves the place as it was.
    """
    engine = db.engine
    with in_one_sentence(_place_of(engine)):
        _refuse_used(engine)
        with archive.opened(path, key) as backup:
            _refuse_unfit(backup.manifest, engine.dialect.name)
            engine.dispose()
            _RESTORE[engine.dialect.name](engine, backup)
        return _look_at_trail()


def _place_of(engine: Engine) -> Path:
    return Path(str(engine.url.database)).parent if engine.dialect.name == "sqlite" else Path()


def _refuse_used(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        sqlite.refuse_used_place(Path(str(engine.url.database)))
    elif queries.has_tables(engine):
        raise Refused("The database is not empty: restore into an empty one.")


def _refuse_unfit(manifest: Manifest, name: str) -> None:
    """Raises Refused if this database or this release cannot take the backup."""
    if manifest.database != name:
        raise Refused(
            f"This is a backup of {NAMES[manifest.database]}; the database here is {NAMES[name]}."
        )
    revision = manifest.contents.revision
    if revision not in queries.list_revisions(current_app.extensions["migrate"].directory):
        raise Refused(
            f"This backup was made by a newer release ({manifest.app_version}, revision {revision}): "
            "restore it with that one."
        )


def _restore_sqlite(engine: Engine, backup: Archive) -> None:
    target, manifest = Path(str(engine.url.database)), backup.manifest
    refuse_lack_of_space(target.parent, manifest.payload_bytes)
    with staging(target.parent) as place:
        part = place / "database"
        with part.open("xb") as out:
            for piece in backup.payload():
                out.write(piece)
        part.chmod(0o600)
        rules.refuse_other_contents(manifest.contents, sqlite.read_contents(part))
        script = "".join(f"{text};\n" for text in _literal(engine, _settling(manifest.contents)))
        sqlite.run_script(part, script)
        sync(part)
        with locked(target.parent):
            sqlite.refuse_used_place(target)
            os.replace(part, target)
            sync(target.parent)


def _restore_postgresql(engine: Engine, backup: Archive) -> None:
    contents = backup.manifest.contents
    if not set(contents.rows) <= postgresql.list_tables(backup.payload()):
        raise Refused("The tables in this backup are not those of its manifest.")
    last = [_check_contents(contents), *_literal(engine, _settling(contents))]
    postgresql.restore(engine, backup.payload(), "".join(f"{text};\n" for text in last))


_RESTORE = {"sqlite": _restore_sqlite, "postgresql": _restore_postgresql}


def _check_contents(contents: Contents) -> str:
    """Ends the transaction of a restore unless what it wrote is what the manifest promises."""
    tables = [
        SQL("(SELECT count(*) FROM {}) <> {}").format(Identifier(name), Literal(count))
        for name, count in contents.rows.items()
    ]
    check = SQL(
        "RESET search_path;\n"
        "DO $check$ BEGIN IF {} OR NOT EXISTS (SELECT FROM audit_entry WHERE number = {} AND seal = {})"
        " OR NOT EXISTS (SELECT FROM alembic_version WHERE version_num = {})"
        " THEN RAISE 'the tables or rows in this backup are not those of its manifest'; END IF; END $check$"
    )
    head = (Literal(contents.audit_number), Literal(contents.audit_hash))
    return check.format(SQL(" OR ").join(tables), *head, Literal(contents.revision)).as_string()


def _settling(contents: Contents) -> Iterable[UpdateBase]:
    """Ends sessions and links where they are known already, and tells the audit log of the restore."""
    if SESSIONS.name in contents.rows:
        yield update(SESSIONS).where(SESSIONS.c.ended_at.is_(None)).values(ended_at=clock.now())
    if INVITATIONS.name in contents.rows:
        unused = update(INVITATIONS).where(INVITATIONS.c.used_at.is_(None))
        yield unused.values(used_at=clock.now())
    yield insert_after(contents.audit_number, contents.audit_hash, "restored", "database")


def _literal(engine: Engine, statements: Iterable[UpdateBase]) -> list[str]:
    options = {"literal_binds": True}
    return [str(each.compile(engine, compile_kwargs=options)) for each in statements]


def _look_at_trail() -> Restored:
    session = db.session()
    try:
        entries, broken = verify_chain(session)
        state = queries.migration_state(session, current_app.extensions["migrate"].directory)
    finally:
        db.session.rollback()
    return Restored(entries, broken, state == "behind")
