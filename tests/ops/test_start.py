"""The start: production refuses unsafe settings with one sentence; the journal is named."""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import warnings
from contextvars import Context
from pathlib import Path

import pytest
from flask import cli

from app.db.session import db, unit_of_work
from app.staff.actions import hashing
from app.staff.actions.accounts import insert_account
from app.web.access import limiter
from tests.conftest import REAL_DUMMY_HASH, REAL_HASHER
from tests.factories.records import CHEAP_HASH
from tests.production.settings import production_environment

pytestmark = pytest.mark.both_databases

ROOT = Path(__file__).resolve().parents[2]
SAFE = production_environment()


def start(url, *arguments, **environment):
    """Start the app as a server does, or a `flask` command if arguments are given, with these settings alone.

    It is a fork of this process, which need not import everything again; `start_process` is a new process.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            _run_as({"PATH": os.environ["PATH"], "DATABASE_URL": url, **environment}, arguments)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        for file in (output, errors):
            file.seek(0)
        return subprocess.CompletedProcess(arguments, code, output.read(), errors.read())


def _run_as(environment, arguments):
    """Do what Python does with `-c "import wsgi"` or `-m flask`; does not return."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    sys.argv = ["flask", "--app", "wsgi", *arguments]
    sys.modules.pop("wsgi", None)
    sys.path.insert(0, str(ROOT))
    warnings.simplefilter("ignore")
    limiter.enabled = True
    hashing.hasher, hashing.DUMMY_HASH = REAL_HASHER, REAL_DUMMY_HASH
    code = 0
    try:
        Context().run(cli.main if arguments else lambda: importlib.import_module("wsgi"))
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def start_process(url, *arguments, **environment):
    """Start the same as a process of its own."""
    command = ["-m", "flask", "--app", "wsgi", *arguments] if arguments else ["-c", "import wsgi"]
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": url, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def make_demo_account(closed_at=None):
    fields = {"username": "desk.hnd", "role": "regional", "locale": "es", "is_demo": True}
    with unit_of_work():
        fields |= {"password_hash": CHEAP_HASH, "closed_at": closed_at}
        insert_account(db.session(), fields, (), ())


def test_production_with_safe_settings_starts(app, database_url):
    started = start_process(database_url, **SAFE)
    assert started.returncode == 0, started.stderr


def test_the_start_names_the_journal_of_sqlite(app, database_url):
    line = json.loads(start(database_url).stderr)
    sqlite = database_url.startswith("sqlite")
    assert (line["event"], line["database"]) == ("started", db.engine.dialect.name)
    assert line["sqlite_journal_mode"] in (("wal", "truncate") if sqlite else (None,))


def test_a_command_prints_only_its_own_output(app, database_url):
    assert start_process(database_url, "audit", "verify").stderr == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "development-only-key"),
        ("AUDIT_KEY", None),
        ("AUDIT_KEY", SAFE["SECRET_KEY"]),
        ("PUBLIC_URL", None),
        ("PUBLIC_URL", "http://desks.example.org"),
        ("SIGN_IN_LIMIT", "many"),
        ("CARD_KEYS", None),
        ("OUTBOX_KEYS", None),
        ("CARD_KEYS", "/nowhere/at/all.json"),
        ("CARD_KEYS", str(ROOT / "tests" / "card_keys.json")),
        ("OUTBOX_KEYS", str(ROOT / "tests" / "outbox_keys.json")),
        ("PROXY_HOPS", None),
        ("PROXY_HOPS", "two"),
        ("PUBLIC_URL", "https://desks.example.org/app"),
        ("PUBLIC_URL", "https://user@desks"),
        ("DATABASE_URL", "mysql://somebody@somewhere/name"),
        ("DEFAULT_LOCALE", "de"),
        ("ENVIRONMENT", "staging"),
    ],
)
def test_production_refuses_an_unsafe_setting(tmp_path, name, value):
    environment = {**SAFE, name: value}
    environment = {key: setting for key, setting in environment.items() if setting is not None}
    refused = start(f"sqlite:///{tmp_path / 'new.sqlite'}", **environment)
    assert refused.returncode == 1
    assert refused.stderr.startswith("ventanilla: ")
    assert refused.stderr.count("\n") == 1
    assert name in refused.stderr
    assert value is None or value not in refused.stderr.replace(name, "").replace("SECRET_KEY", "")


@pytest.mark.parametrize("start_function", [start, start_process])
def test_a_command_is_refused_like_a_server(tmp_path, start_function):
    refused = start_function(
        f"sqlite:///{tmp_path / 'new.sqlite'}", "routes", ENVIRONMENT="production"
    )
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)


def test_production_refuses_an_open_demo_account(app, database_url):
    make_demo_account()
    assert start(database_url).returncode == 0
    refused = start(database_url, **SAFE)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "demo account desk.hnd" in refused.stderr


def test_a_closed_demo_account_does_not_stop_production(app, database_url):
    from app import clock

    make_demo_account(closed_at=clock.now())
    started = start(database_url, **SAFE)
    assert started.returncode == 0, started.stderr


def test_an_empty_database_can_be_migrated_in_production(tmp_path):
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    migrated = start(url, "db", "upgrade", **SAFE)
    assert migrated.returncode == 0, migrated.stderr
    assert start(url, **SAFE).returncode == 0


def test_a_database_out_of_reach_stops_the_start_without_its_address():
    stopped = start("postgresql+psycopg://somebody:s3cret-word@127.0.0.1:9/gone", **SAFE)
    assert (stopped.returncode, stopped.stderr.count("\n")) == (1, 1)
    assert stopped.stderr == "ventanilla: the database cannot be opened.\n"


def test_the_demo_is_refused_in_production(app, database_url):
    refused = start(database_url, "demo", **SAFE)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "not for production" in refused.stderr
