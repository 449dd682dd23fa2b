"""Helpers of the backup tests: fill a database, restore into another, read its content."""

import os
import signal
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from pathlib import Path

import pytest
from flask import current_app
from sqlalchemy import func, select

from app import create_app
from app.audit.actions import verify_chain
from app.consultations.queries import CONSULTATIONS
from app.db.session import db
from app.ops.actions import archive
from app.ops.actions.restore import restore
from app.ops.queries import has_tables
from app.ops.rules import OperationRefused
from app.people.queries.lines import LINES
from app.staff.queries import SESSIONS
from tests.conftest import settings_for
from tests.factories.records import make_account, make_desk
from tests.server import ROUNDS


def make_ana_at_a_desk():
    desk = make_desk()
    return make_account("ana", "desk_staff", (desk,))


def run_twice_at_once(url, call):
    """Run two calls of the same at once, each in an app of its own over one database; return their results.

    Both apps are created before: two threads that create one at once can break Python 3.11's `ast` module.
    """

    def run_one(app):
        try:
            return call(app)
        except OperationRefused as problem:
            return str(problem)

    apps = [create_app(settings_for(url)) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run_one, apps))


def in_app(app, call, *arguments):
    """Run a call in its own context of an app, as another process would."""

    def call_in_context():
        with app.app_context():
            try:
                return call(*arguments)
            finally:
                db.session.remove()
                db.engine.dispose()

    return Context().run(call_in_context)


def restore_backup(path):
    """Restore as the command does."""
    return restore(path, current_app.config["SETTINGS"].audit_key)


def figures():
    session = db.session()
    return {
        "consultations": session.scalar(select(func.count()).select_from(CONSULTATIONS)),
        "persons": session.scalar(select(func.sum(CONSULTATIONS.c.persons))),
        "people_in_lines": session.scalar(select(func.sum(LINES.c.n))),
        "ids": {str(id_) for id_ in session.scalars(select(CONSULTATIONS.c.id))},
        "chain": verify_chain(session),
        "open_sessions": session.scalar(
            select(func.count()).select_from(SESSIONS).where(SESSIONS.c.ended_at.is_(None))
        ),
    }


def is_touched(app):
    """Return whether the database of an app holds a table or, of SQLite, is a file at all."""

    def is_used():
        file = db.engine.url.database if db.engine.dialect.name == "sqlite" else None
        return has_tables(db.engine) or (file is not None and Path(file).exists())

    return in_app(app, is_used)


def refusal_of(app, call, *arguments):
    """Return the one sentence with which a call is refused."""
    with pytest.raises(OperationRefused) as caught:
        in_app(app, call, *arguments)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    return sentence


STRIDE = 5 if ROUNDS == 1 else 1
"""The number of steps between two kills."""


def is_killed_at_step(step, call):
    """Return whether a process was killed at its n-th system call, before it was done."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _die_at(step)
        try:
            call()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _die_at(step):
    left = [step]
    read = archive._chunks

    def count(event, *_):
        if event.startswith(("os.", "open", "sqlite3", "fcntl", "subprocess", "chunk")):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def count_chunks(*arguments):
        for chunk in read(*arguments):
            count("chunk")
            yield chunk

    archive.CHUNK_BYTES, archive._chunks = 2**16, count_chunks
    sys.addaudithook(count)


def run(app, *arguments):
    """Run a command of the app; return exit code, stdout and stderr."""
    result = Context().run(app.test_cli_runner().invoke, args=list(arguments))
    in_app(app, db.session.rollback)
    return result.exit_code, result.stdout, result.stderr


def is_whole(path):
    """Return whether a backup's checksum and layout are valid."""
    try:
        with archive.open_archive(path, current_app.config["SETTINGS"].audit_key) as backup:
            return sum(map(len, backup.payload())) > 0
    except OperationRefused:
        return False
