"""Looks at the database before the app serves, and whenever a monitor asks."""

import logging
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db.connections import safe_journal_mode
from app.db.faults import RESTARTING, UNREACHABLE, fault_of
from app.db.session import db
from app.ops import queries, rules
from app.ops.rules.setup import WHAT_TO_DO
from app.staff.queries import ACCOUNTS, find_demo_account
from config import ROOT, UnsafeSettings

OUT_OF_REACH = (UNREACHABLE, RESTARTING)
log = logging.getLogger("ventanilla")


def refuse_unsafe_database(app: Flask) -> None:
    """Raises UnsafeSettings for demo accounts in production and for a forgetful SQLite."""
    with _asking(app) as session:
        if session is not None and app.config["SETTINGS"].production:
            _refuse_demo(session)
        if session is not None:
            _refuse_forgetful(session)


def refuse_other_version(app: Flask) -> None:
    """Raises UnsafeSettings if production's database is older or newer than the program; for servers, commands mend it.

    In development `/readyz` says so: `make run` upgrades first, and tests import the program without a database.
    """
    if not app.config["SETTINGS"].production:
        return
    with _asking(app) as session:
        found = queries.Revisions("none", "")
        if session is not None:
            directory = app.extensions["migrate"].directory
            found = queries.find_revisions(session.connection(), directory)
        refusal = rules.refusal_of_version(found.state, found.shown)
        if refusal:
            raise UnsafeSettings(refusal)


@contextmanager
def _asking(app: Flask) -> Iterator[Session | None]:
    """A session; None if SQLite's file is not there, which to ask would make."""
    with app.app_context():
        if _is_still_to_be_made():
            yield None
            return
        try:
            yield db.session()
        except DBAPIError as error:
            raise UnsafeSettings("the database cannot be opened.") from error
        finally:
            db.session.remove()
            db.engine.dispose()


def _is_still_to_be_made() -> bool:
    """Whether SQLite's file is missing: to look into it would make it, before a refused restore too."""
    file = Path(str(db.engine.url.database))
    return db.engine.dialect.name == "sqlite" and file.parent.is_dir() and not file.exists()


def refuse_closed_directory(app: Flask) -> None:
    """Raises UnsafeSettings if the processes of a server have nowhere to meet."""
    if not os.access(app.config["SETTINGS"].runtime_directory, os.W_OK | os.X_OK):
        raise UnsafeSettings("RUNTIME_DIRECTORY must be a directory that the app may write to.")


def _refuse_demo(session: Session) -> None:
    if not queries.has_table(session, ACCOUNTS.name):
        return
    found = find_demo_account(session)
    if found is not None:
        raise UnsafeSettings(
            f"the database holds the open demo account {found.username}; "
            "production needs a database without demo accounts."
        )


def _refuse_forgetful(session: Session) -> None:
    wrong = journal_problem(session)
    if wrong:
        raise UnsafeSettings(wrong)


def journal_problem(session: Session) -> str:
    """What is wrong with how SQLite keeps its journal; empty if nothing is, and on another database."""
    mode = queries.find_journal_mode(session)
    wanted = safe_journal_mode(sqlite3.sqlite_version_info)
    if mode in (None, wanted) and queries.is_synchronous(session):
        return ""
    return f"SQLite keeps its journal as {mode} here; {wanted} is needed."


def announce(app: Flask) -> None:
    """Says in the log which database the app serves from and how SQLite keeps its journal."""
    with app.app_context():
        name = db.engine.dialect.name
        said = {"database": name, "sqlite_journal_mode": None}
        if name == "sqlite":
            said["sqlite_journal_mode"] = safe_journal_mode(sqlite3.sqlite_version_info)
            said["sqlite"] = sqlite3.sqlite_version
        log.info("started", extra={"fields": said})


def state_of(session: Session, instance: str) -> dict[str, Any]:
    """What `/readyz` answers: no address, no secret. Ready is what takes a change, not only a question."""
    name = session.get_bind().dialect.name
    fault = queries.find_fault(session)
    migrations, journal = ("unknown", None) if fault else _look(session)
    free_mb = _free_mb(instance)
    problems = rules.problems_of(
        fault.kind if fault else "", "unasked" if fault else migrations, free_mb
    )
    return {
        "status": "not_ready" if problems else "ready",
        "database": "unreachable" if fault and fault.kind in OUT_OF_REACH else name,
        "writable": fault is None,
        "migrations": migrations,
        "disk_free_mb": free_mb,
        "sqlite_journal_mode": journal,
        "problems": problems,
    }


def _look(session: Session) -> tuple[str, str | None]:
    queries.limit_waiting(session)
    directory = current_app.extensions["migrate"].directory
    return queries.migration_state(session, directory), queries.find_journal_mode(session)


def _free_mb(instance: str) -> int:
    file = db.engine.url.database if db.engine.dialect.name == "sqlite" else None
    place = Path(file).parent if file else Path(instance)
    return shutil.disk_usage(place if place.is_dir() else ROOT).free // 2**20


def say_what_failed(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """How a command ends that met a fault of the database: one sentence; its own message may hold values."""
    fault = fault_of(error)
    if not fault.is_of_the_database:
        sys.__excepthook__(kind, error, trace)
        return
    advice = WHAT_TO_DO.get(f"database_{fault.kind}", "nothing of this command was kept.")
    sys.stderr.write(f"The database cannot be used now ({fault.kind}): {advice}\n")
