"""A transaction that the database rolled back because of a race is run again from the start, at most three times."""

from threading import Event, Thread

import psycopg
import pytest
from flask import flash, g, request, session
from sqlalchemy import text

from app.audit.actions import record_audit
from app.db.session import db, independent_transaction
from app.web import transactions
from app.web.access import allow
from app.web.pages import render_page
from tests.conftest import create_app, settings_for
from tests.factories.records import JSON, in_new_context, make_account, make_desk

FAIL_SERIALIZATION = text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")
LOCK_DESK = text("UPDATE desk SET version = version + 1 WHERE code = :code")
SUM_OF_VERSIONS = text("SELECT sum(version) FROM desk")


@pytest.fixture
def app(cluster, request):
    """Yield the app on PostgreSQL alone, which has races; its own side detects a deadlock first."""
    url = request.getfixturevalue("database_url")
    app = create_app(settings_for(f"{url}?options=-c%20deadlock_timeout%3D50ms"))
    with app.app_context():
        make_desk("HND-01")
        make_desk("HND-02")
        make_account("ana", "desk_staff")
        db.session.remove()
        db.engine.dispose()
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def database_url(cluster, request):
    from tests import conftest

    name = f"again_{next(conftest._numbers)}"
    template = request.getfixturevalue("postgres_template")
    conftest._ask(cluster, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield cluster + name
    conftest._ask(cluster, f"DROP DATABASE {name} WITH (FORCE)")


class Deadlock:
    """A client that locks the second desk and then the first while a request holds it, `times` times."""

    def __init__(self, url, times=1):
        self.url, self.times = url.replace("+psycopg", ""), times
        self.runs, self.has_second, self.has_first = 0, Event(), Event()

    def view(self):
        self.runs += 1
        flash("Saved.")
        record_audit(None, "desk_changed", "desk:HND-01", "HND")
        session["run"], g.runs = self.runs, getattr(g, "runs", 0) + 1
        is_deadlock = self.runs <= self.times
        if is_deadlock:
            self.has_second.clear()
            self.has_first.clear()
            Thread(target=self._lock_in_opposite_order, daemon=True).start()
            assert self.has_second.wait(10)
        db.session.execute(LOCK_DESK, {"code": "HND-01"})
        self.has_first.set()
        db.session.execute(LOCK_DESK, {"code": "HND-02"})
        return {"runs": g.runs, "sent": request.get_json()}

    def _lock_in_opposite_order(self):
        with psycopg.connect(self.url) as other:
            other.execute("SET deadlock_timeout = '1min'")
            other.execute("UPDATE desk SET version = version WHERE code = 'HND-02'")
            self.has_second.set()
            assert self.has_first.wait(10)
            other.execute("UPDATE desk SET version = version WHERE code = 'HND-01'")


def post_race(app, view, **options):
    app.add_url_rule("/race", "race", allow("enrolling")(view), methods=["POST"])
    client = app.test_client()
    answer = in_new_context(client.post, "/race", json={"kept": 1}, headers=JSON, **options)
    with client.session_transaction() as client_session:
        return answer, dict(client_session)


def entries():
    result = db.session.execute(
        text("SELECT count(*) FROM audit_entry WHERE action='desk_changed'")
    )
    number = result.scalar()
    db.session.rollback()
    return number


def test_a_deadlock_is_invisible_and_changes_are_stored_once(app, database_url):
    before, race = db.session.execute(SUM_OF_VERSIONS).scalar(), Deadlock(database_url)
    db.session.rollback()
    answer, session_content = post_race(app, race.view)
    assert (answer.status_code, race.runs) == (200, 2)
    assert answer.get_json() == {"runs": 1, "sent": {"kept": 1}}, "globals and body are as at first"
    assert len(session_content["_flashes"]) == 1
    assert session_content["run"] == 2
    assert entries() == 1
    assert db.session.execute(SUM_OF_VERSIONS).scalar() == before + 2
    db.session.rollback()


def test_without_a_second_run_the_deadlock_is_a_503(app, database_url, monkeypatch):
    """The mutant of the test above: the deadlock is real."""
    monkeypatch.setattr(transactions, "MAX_RUNS", 1)
    race = Deadlock(database_url)
    answer, _ = post_race(app, race.view)
    assert (answer.status_code, race.runs, entries()) == (503, 1, 0)
    assert answer.headers["Retry-After"] == "5"


def test_a_race_that_is_always_lost_is_given_up(app):
    runs = []

    def fail():
        runs.append(1)
        db.session.execute(FAIL_SERIALIZATION)

    answer, _ = post_race(app, fail)
    assert (answer.status_code, len(runs)) == (503, transactions.MAX_RUNS)


def test_a_connection_that_ends_in_the_middle_costs_nobody_anything(app, database_url):
    runs = []

    def lose_connection():
        runs.append(1)
        db.session.execute(LOCK_DESK, {"code": "HND-01"})
        if len(runs) == 1:
            pid = db.session.execute(text("SELECT pg_backend_pid()")).scalar()
            with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        db.session.execute(LOCK_DESK, {"code": "HND-02"})
        return {}

    answer, _ = post_race(app, lose_connection)
    assert (answer.status_code, len(runs)) == (200, 2)


def test_an_independent_transaction_is_not_run_twice(app):
    """The count of a wrong password is kept if the request fails."""
    runs = []

    def count_and_lose():
        with independent_transaction():
            runs.append(1)
        db.session.execute(FAIL_SERIALIZATION)

    answer, _ = post_race(app, count_and_lose)
    assert (answer.status_code, len(runs)) == (503, 1)


def test_a_notice_shown_by_a_failed_run_is_shown(app):
    runs = []

    def show_notice():
        page = render_page("error.html", message="x")
        runs.append(1)
        if len(runs) == 1:
            db.session.execute(FAIL_SERIALIZATION)
        return page

    app.add_url_rule("/show", "show", allow("public")(show_notice))
    client = app.test_client()
    with client.session_transaction() as client_session:
        client_session["_flashes"] = [("done", {"text": "The desk is open."})]
    answer = in_new_context(client.get, "/show")
    assert (answer.status_code, len(runs)) == (200, 2)
    assert "The desk is open." in answer.text
