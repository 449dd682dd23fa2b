"""Puts a backup into an empty place: a database without a table."""

import os
from pathlib import Path

from sqlalchemy import update

from app.audit.actions import note, verify
from app.base import clock
from app.base.database import db, unit_of_work
from app.staff.queries import INVITATIONS, SESSIONS
from app.upkeep import queries, rules
from app.upkeep.actions import postgresql
from app.upkeep.actions.backup import copy_sqlite, sync
from app.upkeep.rules import Refused


def restore(path: Path) -> tuple[int, int | None]:
    """Restores a backup; how many audit entries hold, and the first broken one or None.

    Sessions and one-time links of the time of the backup are ended: who signed out since must not
    be signed in again, and a link used since must not open twice. Raises Refused.
    """
    kind = _kind_of(path)
    name = db.engine.dialect.name
    if kind != name:
        raise Refused(f"This is a backup of {_named(kind)}; the database here is {_named(name)}.")
    if queries.has_tables(db.engine):
        raise Refused("The database is not empty: restore into an empty one.")
    db.engine.dispose()
    if name == "sqlite":
        _restore_sqlite(path, Path(str(db.engine.url.database)))
    else:
        _restore_postgresql(path)
    return _settle()


def _kind_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            kind = rules.kind_of(file.read(16))
    except OSError:
        raise Refused(f"{path} cannot be read.") from None
    if kind is None:
        raise Refused(f"{path} is not a backup.")
    return kind


def _named(kind: str) -> str:
    return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[kind]


def _restore_sqlite(path: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        copy_sqlite(str(path), part)
        part.chmod(0o600)
        sync(part)
        os.replace(part, target)
        sync(target.parent)
    finally:
        part.unlink(missing_ok=True)


def _restore_postgresql(path: Path) -> None:
    command = [
        postgresql.program("pg_restore"),
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-privileges",
        str(path),
    ]
    postgresql.run(db.engine, command)


def _settle() -> tuple[int, int | None]:
    with unit_of_work():
        session = db.session()
        checked, broken = verify(session)
        live = update(SESSIONS).where(SESSIONS.c.ended_at.is_(None))
        session.execute(live.values(ended_at=clock.now()))
        unused = update(INVITATIONS).where(INVITATIONS.c.used_at.is_(None))
        session.execute(unused.values(used_at=clock.now()))
        if broken is None:
            note(None, "restored", "database")
    return checked, broken
