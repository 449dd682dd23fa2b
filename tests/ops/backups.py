"""What tests of backups do: fill a database, restore into another, look at what stands there."""

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


def ana_at_a_desk():
    desk = make_desk()
    return make_account("ana", "desk_staff", (desk,))


def twice_at_once(url, act):
    """What two calls of the same came to that ran at once, each in an app of its own over one database.

    Both apps are made before: two threads that make one at once can upset Python 3.11's `ast` module.
    """

    def try_it(app):
        try:
            return act(app)
        except OperationRefused as problem:
            return str(problem)

    apps = [create_app(settings_for(url)) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(try_it, apps))


def in_app(app, call, *arguments):
    """Runs a call in its own context of an app, as another process would."""

    def within():
        with app.app_context():
            try:
                return call(*arguments)
            finally:
                db.session.remove()
                db.engine.dispose()

    return Context().run(within)


def put_back(path):
    """Restores as the command does."""
    return restore(path, current_app.config["SETTINGS"].audit_key)


def figures():
    session = db.session()
    return {
        "consultations": session.scalar(select(func.count()).select_from(CONSULTATIONS)),
        "persons": session.scalar(select(func.sum(CONSULTATIONS.c.persons))),
        "people_in_lines": session.scalar(select(func.sum(LINES.c.n))),
        "ids": {str(one) for one in session.scalars(select(CONSULTATIONS.c.id))},
        "chain": verify_chain(session),
        "open_sessions": session.scalar(
            select(func.count()).select_from(SESSIONS).where(SESSIONS.c.ended_at.is_(None))
        ),
    }


def is_touched(app):
    """Whether the database of an app holds a table or, of SQLite, is a file at all."""

    def look():
        file = db.engine.url.database if db.engine.dialect.name == "sqlite" else None
        return has_tables(db.engine) or (file is not None and Path(file).exists())

    return in_app(app, look)


def refusal(app, call, *arguments):
    """The one sentence with which a call is refused."""
    with pytest.raises(OperationRefused) as caught:
        in_app(app, call, *arguments)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    return sentence


STRIDE = 5 if ROUNDS == 1 else 1
"""How many steps lie between two kills."""


def killed_at_step(step, call):
    """Whether a process was killed at the n-th thing that it asked of the system, before it was done."""
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
        if event.startswith(("os.", "open", "sqlite3", "fcntl", "subprocess", "piece")):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def pieces(*arguments):
        for piece in read(*arguments):
            count("piece")
            yield piece

    archive.CHUNK_BYTES, archive._chunks = 2**16, pieces
    sys.addaudithook(count)


def run(app, *words):
    """What a command of the app answers: exit code, output, what it said on stderr."""
    done = Context().run(app.test_cli_runner().invoke, args=list(words))
    in_app(app, db.session.rollback)
    return done.exit_code, done.stdout, done.stderr


def opened_whole(path):
    """Whether a backup's checksum and layout hold."""
    try:
        with archive.open_archive(path, current_app.config["SETTINGS"].audit_key) as backup:
            return sum(map(len, backup.payload())) > 0
    except OperationRefused:
        return False
