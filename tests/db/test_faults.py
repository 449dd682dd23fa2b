"""The kind of a database fault, its answer, and that the answer never needs the database."""

import io
import json
import logging
import sqlite3
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import text

from app.db import timeouts
from app.db.faults import KINDS, classify_error
from app.db.session import db
from app.web.access import allow
from tests.conftest import create_app, settings_for
from tests.factories.records import (
    consultation_json,
    in_new_context,
    make_account,
    make_desk,
    sign_in,
)

pytestmark = pytest.mark.both_databases

UNREACHABLE_URL = "postgresql+psycopg://somebody:s3cret@127.0.0.1:9/gone"
BRAND = 'class="brand"'
CODES = {
    "57P01": "restarting",
    "57P03": "restarting",
    "08006": "unreachable",
    "25006": "read_only",
    "53100": "full",
    "42P01": "schema",
    "42703": "schema",
    "40P01": "deadlock",
    "40001": "serialization",
    "0A000": "stale_statement",
    "55P03": "lock_timeout",
    "57014": "statement_timeout",
    "53300": "too_many_connections",
    "XX001": "corrupt",
    "23505": "other",
    "22001": "other",
    "42601": "other",
}


@pytest.fixture
def log(app):
    """Yield everything that the app's loggers write while the test runs."""
    written = io.StringIO()
    handlers = [h for name in ("ventanilla", app.name) for h in logging.getLogger(name).handlers]
    streams = [(handler, handler.setStream(written)) for handler in dict.fromkeys(handlers)]
    yield written
    for handler, stream in streams:
        handler.setStream(stream)


def raised(call):
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(("code", "kind"), CODES.items())
def test_an_error_of_postgresql_is_classified_by_its_code(code, kind):
    fault = classify_error(psycopg.errors.lookup(code)("secret value"))
    assert (fault.kind, fault.code) == (kind, code)
    assert fault.kind in KINDS
    assert fault.is_database_at_fault == (kind != "other")


def test_an_error_of_sqlite_is_classified_by_its_code(tmp_path):
    (tmp_path / "broken").write_bytes(b"no database at all, but long enough to be read as one" * 9)
    first = sqlite3.connect(tmp_path / "one", isolation_level=None, timeout=0)
    second = sqlite3.connect(tmp_path / "one", isolation_level=None, timeout=0)
    first.execute("CREATE TABLE kept (n INTEGER UNIQUE)")
    first.execute("BEGIN IMMEDIATE")
    errors = {
        "busy": raised(lambda: second.execute("BEGIN IMMEDIATE")),
        "table": raised(lambda: second.execute("SELECT 1 FROM lost")),
        "column": raised(lambda: second.execute("SELECT lost FROM kept")),
        "syntax": raised(lambda: second.execute("SELEKT 1")),
        "broken": raised(lambda: sqlite3.connect(tmp_path / "broken").execute("SELECT * FROM a")),
        "gone": raised(lambda: sqlite3.connect("/nowhere/at/all")),
    }
    first.execute("ROLLBACK")
    first.execute("PRAGMA query_only=1")
    errors["read"] = raised(lambda: first.execute("INSERT INTO kept VALUES (1)"))
    second.execute("INSERT INTO kept VALUES (1)")
    errors["unique"] = raised(lambda: second.execute("INSERT INTO kept VALUES (1)"))
    second.execute("PRAGMA max_page_count=2")
    errors["full"] = raised(lambda: second.execute("CREATE TABLE more (n)"))
    first.close()
    second.close()
    assert {name: classify_error(error).kind for name, error in errors.items()} == {
        "busy": "lock_timeout",
        "table": "schema",
        "column": "schema",
        "syntax": "other",
        "broken": "corrupt",
        "gone": "unreachable",
        "read": "read_only",
        "unique": "other",
        "full": "full",
    }


def test_all_a_request_waits_for_ends_before_its_worker_is_ended():
    limits = timeouts.FOR_REQUESTS
    assert 0 < limits.lock < limits.statement < 30_000
    assert timeouts.FOR_READINESS.statement <= 2_000
    assert timeouts.FOR_COMMANDS.statement == 0


def test_a_connection_of_a_request_has_its_timeouts_and_one_of_a_command_others(app):
    names = ("lock_timeout", "statement_timeout")
    statements = [f"SHOW {name}" for name in names]
    if db.engine.dialect.name == "sqlite":
        statements = ["PRAGMA busy_timeout"]

    def read_timeouts():
        db.session.remove()
        db.engine.dispose()
        values = [str(db.session.execute(text(statement)).scalar()) for statement in statements]
        db.session.remove()
        db.engine.dispose()
        return values

    command = read_timeouts()
    with app.test_request_context():
        request = read_timeouts()
    sqlite = db.engine.dialect.name == "sqlite"
    assert (request, command) == (
        (["5000"], ["60000"]) if sqlite else (["5s", "20s"], ["1min", "0"])
    )


@pytest.fixture
def unreachable_client():
    """Yield a client, signed in before, of an app whose database does not answer."""
    app = create_app(settings_for(UNREACHABLE_URL))
    app.config["MAX_CONTENT_LENGTH"] = 100
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = "a-token", True
    yield client
    with app.app_context():
        db.engine.dispose()


JSON = {"Accept": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/consultations/new", 503),
        ("GET", "/", 503),
        ("GET", "/sign-in", 503),
        ("GET", "/no-such-page", 404),
        ("HEAD", "/no-such-page", 404),
        ("PUT", "/sign-in", 405),
        ("POST", "/consultations", 503),
        ("POST", "/sync/envelopes", 401),
        ("GET", "/counts.json", 503),
        ("GET", "/sync/me", 503),
        ("GET", "/sync/token", 200),
        ("GET", "/offline", 200),
        ("GET", "/sw.js", 200),
        ("GET", "/manifest.webmanifest", 200),
        ("GET", "/healthz", 200),
        ("GET", "/static/style.css", 200),
    ],
)
def test_without_a_database_every_error_is_a_page_or_a_sentence(
    unreachable_client, method, path, status
):
    browser = in_new_context(unreachable_client.open, path, method=method)
    program = in_new_context(unreachable_client.open, path, method=method, headers=JSON)
    assert (browser.status_code, program.status_code) == (status, status)
    for answer in (browser, program):
        assert ("Retry-After" in answer.headers) == (status == 503)
        assert "s3cret" not in answer.text
    if status >= 400 and method != "HEAD":
        assert set(program.get_json()) - {"device"} == {"problem"}
        assert browser.is_json or BRAND in browser.text
        assert browser.is_json or browser.headers["Content-Security-Policy"]
    browser.close()
    program.close()


@pytest.mark.parametrize("locale", ["es", "en", "fr", "ht", "nl", "pt"])
@pytest.mark.parametrize("mode", ["", "sun", "night"])
def test_the_page_of_an_error_is_in_the_devices_language_and_light(
    unreachable_client, locale, mode
):
    unreachable_client.set_cookie("locale", locale)
    unreachable_client.set_cookie("mode", mode)
    answer = in_new_context(unreachable_client.get, "/today")
    assert (answer.status_code, f'lang="{locale}"' in answer.text) == (503, True)
    assert (f'data-mode="{mode}"' in answer.text) == bool(mode)
    assert 'data-account=""' in answer.text


def test_a_page_that_cannot_be_drawn_at_all_is_still_one_sentence(unreachable_client, monkeypatch):
    from app.web import responses

    monkeypatch.setattr(responses, "render_page", lambda *_, **__: 1 / 0)
    answer = in_new_context(unreachable_client.get, "/today")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert responses.ERROR_MESSAGES[503] in answer.text
    assert answer.headers["Content-Security-Policy"]
    assert in_new_context(unreachable_client.get, "/no-such-page").status_code == 404


def test_a_missing_table_is_an_update_and_no_value_reaches_the_log(app, log):
    make_account("ana", "desk_staff", (make_desk(),))
    ana = sign_in(app, "ana")
    db.session.execute(text("ALTER TABLE person_line RENAME TO person_line_away"))
    db.session.commit()
    content = consultation_json(device="MarkerOfAValue")
    answer = ana.post("/consultations", content)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "20")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    faults = [line for line in lines if line["event"] == "database"]
    assert [line["kind"] for line in faults] == ["schema"]
    assert faults[0]["request"]
    for value in ("MarkerOfAValue", content["id"], "INSERT", "person_line"):
        assert value not in log.getvalue()


def test_a_broken_constraint_is_a_fault_of_the_program_and_stays_500(app, log):
    def insert_twice():
        db.session.execute(text("INSERT INTO alembic_version VALUES ('MarkerOfAValue')"))
        db.session.execute(text("INSERT INTO alembic_version VALUES ('MarkerOfAValue')"))

    app.add_url_rule("/twice", "twice", allow("enrolling")(insert_twice), methods=["POST"])
    answer = in_new_context(app.test_client().post, "/twice", headers=JSON)
    assert (answer.status_code, "Retry-After" in answer.headers) == (500, False)
    assert '"event": "bug"' in log.getvalue()
    assert "MarkerOfAValue" not in log.getvalue()
    assert db.engine.hide_parameters


def test_a_reading_request_cannot_write(app, log):
    def write():
        db.session.execute(text("INSERT INTO alembic_version VALUES ('written')"))
        return "done"

    app.add_url_rule("/write", "write", allow("public")(write))
    app.add_url_rule("/change", "change", allow("enrolling")(write), methods=["POST"])
    assert in_new_context(app.test_client().get, "/write").status_code == 500
    statement = text("SELECT count(*) FROM alembic_version WHERE version_num = 'written'")
    assert db.session.execute(statement).scalar() == 0
    db.session.rollback()
    assert '"WriteInReadOnlyRequest"' in log.getvalue()
    assert in_new_context(app.test_client().post, "/change").status_code == 200, (
        "the guard is taken off"
    )
    assert db.session.execute(statement).scalar() == 1
    db.session.rollback()


def test_a_reading_request_keeps_the_prepared_statements_of_its_connection(world):
    if db.engine.dialect.name == "sqlite":
        return
    susana = world["susana"]
    for _ in range(8):
        assert susana.get("/counts?country=HND&month=2026-03").status_code == 200
    rows = db.session.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar()
    db.session.rollback()
    assert rows > 0


def test_a_statement_prepared_before_its_table_changed_is_run_again(app):
    if db.engine.dialect.name == "sqlite":
        return

    def read():
        return str(len(db.session.execute(text("SELECT * FROM alembic_version")).one()))

    app.add_url_rule("/read", "read", allow("public")(read))
    client = app.test_client()
    assert {in_new_context(client.get, "/read").text for _ in range(8)} == {"1"}
    with psycopg.connect(str(settings_url(app)), autocommit=True) as other:
        other.execute("ALTER TABLE alembic_version ADD COLUMN more text")
        assert in_new_context(client.get, "/read").text == "2"
        other.execute("ALTER TABLE alembic_version DROP COLUMN more")


def settings_url(app):
    return app.config["SETTINGS"].database_url.replace("+psycopg", "")


def test_a_write_lock_of_another_program_ends_in_a_sentence(sqlite_template, tmp_path, monkeypatch):
    monkeypatch.setattr(timeouts, "FOR_REQUESTS", replace(timeouts.FOR_REQUESTS, lock=200))
    path = tmp_path / "one.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    app = create_app(settings_for(f"sqlite:///{path}"))
    with app.app_context():
        make_account("ana", "desk_staff", (make_desk(),))
        db.session.remove()
        db.engine.dispose()
        ana = sign_in(app, "ana")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        refused = ana.post("/consultations", consultation_json())
        ready = in_new_context(app.test_client().get, "/readyz").get_json()
        other.execute("ROLLBACK")
        other.close()
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert (ready["writable"], ready["problems"]) == (False, ["database_lock_timeout"])
        assert ana.post("/consultations", consultation_json()).status_code == 201
        db.session.remove()
        db.engine.dispose()


def test_a_sqlite_file_that_was_removed_is_not_ready_and_its_restored_copy_is(
    sqlite_template, tmp_path
):
    path = tmp_path / "one.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    app = create_app(settings_for(f"sqlite:///{path}"))
    with app.app_context():
        make_account("ana", "desk_staff", (make_desk(),))
        db.session.remove()
        ana = sign_in(app, "ana")
        content = path.read_bytes()
        path.unlink()
        assert in_new_context(app.test_client().get, "/readyz").get_json()["writable"] is False
        gone = ana.post("/consultations", consultation_json())
        assert (gone.status_code, "Retry-After" in gone.headers) == (503, True)
        path.write_bytes(content)
        assert ana.post("/consultations", consultation_json()).status_code == 201
        assert in_new_context(app.test_client().get, "/readyz").status_code == 200
        db.session.remove()
        db.engine.dispose()
