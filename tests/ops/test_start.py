"""The start: production refuses what is unsafe with one sentence; the journal is named."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.db.session import db, unit_of_work
from app.staff.actions.accounts import insert_account
from tests.factories.records import CHEAP_HASH
from tests.production.settings import production_environment

ROOT = Path(__file__).resolve().parents[2]
SAFE = production_environment()


def start(url, *words, **environment):
    """Starts the app as a server does, or a `flask` command where words are given."""
    command = ["-m", "flask", "--app", "wsgi", *words] if words else ["-c", "import wsgi"]
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
    started = start(database_url, **SAFE)
    assert started.returncode == 0, started.stderr


def test_the_start_names_the_journal_of_sqlite(app, database_url):
    line = json.loads(start(database_url).stderr)
    sqlite = database_url.startswith("sqlite")
    assert (line["event"], line["database"]) == ("started", db.engine.dialect.name)
    assert line["sqlite_journal_mode"] in (("wal", "truncate") if sqlite else (None,))


def test_a_command_says_nothing_but_its_own_words(app, database_url):
    assert start(database_url, "audit", "verify").stderr == ""


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
    environment = {key: said for key, said in environment.items() if said is not None}
    refused = start(f"sqlite:///{tmp_path / 'new.sqlite'}", **environment)
    assert refused.returncode == 1
    assert refused.stderr.startswith("ventanilla: ")
    assert refused.stderr.count("\n") == 1
    assert name in refused.stderr
    assert value is None or value not in refused.stderr.replace(name, "").replace("SECRET_KEY", "")


def test_a_command_is_refused_like_a_server(tmp_path):
    refused = start(f"sqlite:///{tmp_path / 'new.sqlite'}", "routes", ENVIRONMENT="production")
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
    made = start(url, "db", "upgrade", **SAFE)
    assert made.returncode == 0, made.stderr
    assert start(url, **SAFE).returncode == 0


def test_a_database_out_of_reach_stops_the_start_without_its_address():
    stopped = start("postgresql+psycopg://somebody:s3cret-word@127.0.0.1:9/gone", **SAFE)
    assert (stopped.returncode, stopped.stderr.count("\n")) == (1, 1)
    assert stopped.stderr == "ventanilla: the database cannot be opened.\n"


def test_the_demo_is_refused_in_production(app, database_url):
    refused = start(database_url, "demo", **SAFE)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "not for production" in refused.stderr
