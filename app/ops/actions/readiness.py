"""Checks the database before the app serves, and for every request of a monitor."""

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
from app.db.faults import RESTARTING, UNREACHABLE, classify_error
from app.db.session import db
from app.json_object import JsonObject
from app.ops import queries, rules
from app.ops.rules.setup import REMEDIES
from app.staff.queries import ACCOUNTS, find_demo_account
from config import ROOT, UnsafeSettings

OUT_OF_REACH = (UNREACHABLE, RESTARTING)
log = logging.getLogger("ventanilla")


def refuse_unsafe_database(app: Flask) -> None:
    """Raise UnsafeSettings for demo accounts in production and for a SQLite that may lose confirmed changes."""
    with _session_before_start(app) as session:
        if session is not None and app.config["SETTINGS"].production:
            _refuse_demo(session)
        if session is not None:
            _refuse_unsafe_journal(session)


def refuse_other_version(app: Flask) -> None:
    """Raise UnsafeSettings if production's database is older or newer than the program; only for servers.

    Commands may run, because they upgrade it. In development `/readyz` reports it: `make run` upgrades first, and
    tests import the program without a database.
    """
    if not app.config["SETTINGS"].production:
        return
    with _session_before_start(app) as session:
        revisions = queries.Revisions("none", "")
        if session is not None:
            directory = app.extensions["migrate"].directory
            revisions = queries.find_revisions(session.connection(), directory)
        refusal = rules.version_refusal(revisions.state, revisions.text)
        if refusal:
            raise UnsafeSettings(refusal)


@contextmanager
def _session_before_start(app: Flask) -> Iterator[Session | None]:
    """Open a session; None if SQLite's file does not exist, because a connection would create it."""
    with app.app_context():
        if _is_file_missing():
            yield None
            return
        try:
            yield db.session()
        except DBAPIError as error:
            raise UnsafeSettings("the database cannot be opened.") from error
        finally:
            db.session.remove()
            db.engine.dispose()


def _is_file_missing() -> bool:
    """Whether SQLite's file is missing: to open it would create it, also before a restore that is refused."""
    file = Path(str(db.engine.url.database))
    return db.engine.dialect.name == "sqlite" and file.parent.is_dir() and not file.exists()


def refuse_closed_directory(app: Flask) -> None:
    """Raise UnsafeSettings if the runtime directory that a server's processes share is not writable."""
    if not os.access(app.config["SETTINGS"].runtime_directory, os.W_OK | os.X_OK):
        raise UnsafeSettings("RUNTIME_DIRECTORY must be a directory that the app may write to.")


def _refuse_demo(session: Session) -> None:
    if not queries.has_table(session, ACCOUNTS.name):
        return
    account = find_demo_account(session)
    if account is not None:
        raise UnsafeSettings(
            f"the database holds the open demo account {account.username}; "
            "production needs a database without demo accounts."
        )


def _refuse_unsafe_journal(session: Session) -> None:
    problem = journal_problem(session)
    if problem:
        raise UnsafeSettings(problem)


def journal_problem(session: Session) -> str:
    """Return a sentence on what is wrong with SQLite's journal mode; empty if nothing is, and on another database."""
    mode = queries.find_journal_mode(session)
    safe_mode = safe_journal_mode(sqlite3.sqlite_version_info)
    if mode in (None, safe_mode) and queries.is_synchronous(session):
        return ""
    return f"SQLite keeps its journal as {mode} here; {safe_mode} is needed."


def log_start(app: Flask) -> None:
    """Log which database the app serves from, and SQLite's journal mode."""
    with app.app_context():
        name = db.engine.dialect.name
        fields = {"database": name, "sqlite_journal_mode": None}
        if name == "sqlite":
            fields["sqlite_journal_mode"] = safe_journal_mode(sqlite3.sqlite_version_info)
            fields["sqlite"] = sqlite3.sqlite_version
        log.info("started", extra={"fields": fields})


def readiness_state(session: Session, instance: str) -> JsonObject:
    """Return the body of `/readyz`, without addresses or secrets; ready means that the database takes a change."""
    name = session.get_bind().dialect.name
    fault = queries.find_fault(session)
    migrations, journal = ("unknown", None) if fault else _migrations_and_journal(session)
    free_mb = _free_mb(instance)
    problems = rules.list_problems(
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


def _migrations_and_journal(session: Session) -> tuple[str, str | None]:
    queries.limit_waiting(session)
    directory = current_app.extensions["migrate"].directory
    return queries.migration_state(session, directory), queries.find_journal_mode(session)


def _free_mb(instance: str) -> int:
    file = db.engine.url.database if db.engine.dialect.name == "sqlite" else None
    folder = Path(file).parent if file else Path(instance)
    return shutil.disk_usage(folder if folder.is_dir() else ROOT).free // 2**20


def print_database_fault(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """End a command that failed on a database fault with one sentence: the error's own message may contain values.

    The signature is the one of `sys.excepthook`.
    """
    fault = classify_error(error)
    if not fault.is_database_at_fault:
        sys.__excepthook__(kind, error, trace)
        return
    advice = REMEDIES.get(f"database_{fault.kind}", "nothing of this command was kept.")
    sys.stderr.write(f"The database cannot be used now ({fault.kind}): {advice}\n")
