"""A transaction that lost a race inside the database is run again, as if for the first time, at most three times."""

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

LOSE = text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")
TAKE = text("UPDATE desk SET version = version + 1 WHERE code = :code")
COUNT = text("SELECT sum(version) FROM desk")


@pytest.fixture
def app(cluster, request):
    """The app on PostgreSQL alone, where races are lost; its own side finds a deadlock first."""
    url = request.getfixturevalue("database_url")
    made = create_app(settings_for(f"{url}?options=-c%20deadlock_timeout%3D50ms"))
    with made.app_context():
        make_desk("HND-01")
        make_desk("HND-02")
        make_account("ana", "desk_staff")
        db.session.remove()
        db.engine.dispose()
        yield made
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
    """Somebody who holds the second desk and then wants the first, each time but one that a request holds it."""

    def __init__(self, url, times=1):
        self.url, self.times = url.replace("+psycopg", ""), times
        self.runs, self.has_second, self.has_first = 0, Event(), Event()

    def view(self):
        self.runs += 1
        flash("Saved.")
        record_audit(None, "desk_changed", "desk:HND-01", "HND")
        session["run"], g.runs = self.runs, getattr(g, "runs", 0) + 1
        meets = self.runs <= self.times
        if meets:
            self.has_second.clear()
            self.has_first.clear()
            Thread(target=self._cross, daemon=True).start()
            assert self.has_second.wait(10)
        db.session.execute(TAKE, {"code": "HND-01"})
        self.has_first.set()
        db.session.execute(TAKE, {"code": "HND-02"})
        return {"runs": g.runs, "sent": request.get_json()}

    def _cross(self):
        with psycopg.connect(self.url) as other:
            other.execute("SET deadlock_timeout = '1min'")
            other.execute("UPDATE desk SET version = version WHERE code = 'HND-02'")
            self.has_second.set()
            assert self.has_first.wait(10)
            other.execute("UPDATE desk SET version = version WHERE code = 'HND-01'")


def ask(app, view, **more):
    app.add_url_rule("/race", "race", allow("enrolling")(view), methods=["POST"])
    client = app.test_client()
    answer = in_new_context(client.post, "/race", json={"kept": 1}, headers=JSON, **more)
    with client.session_transaction() as kept:
        return answer, dict(kept)


def entries():
    found = db.session.execute(text("SELECT count(*) FROM audit_entry WHERE act='desk_changed'"))
    number = found.scalar()
    db.session.rollback()
    return number


def test_a_deadlock_is_seen_by_nobody_and_happened_once(app, database_url):
    before, race = db.session.execute(COUNT).scalar(), Deadlock(database_url)
    db.session.rollback()
    answer, kept = ask(app, race.view)
    assert (answer.status_code, race.runs) == (200, 2)
    assert answer.get_json() == {"runs": 1, "sent": {"kept": 1}}, "globals and body are as at first"
    assert len(kept["_flashes"]) == 1
    assert kept["run"] == 2
    assert entries() == 1
    assert db.session.execute(COUNT).scalar() == before + 2
    db.session.rollback()


def test_who_ran_once_only_would_have_been_refused(app, database_url, monkeypatch):
    """The mutant of the test above: the deadlock is real."""
    monkeypatch.setattr(transactions, "MAX_RUNS", 1)
    race = Deadlock(database_url)
    answer, _ = ask(app, race.view)
    assert (answer.status_code, race.runs, entries()) == (503, 1, 0)
    assert answer.headers["Retry-After"] == "5"


def test_a_race_that_is_always_lost_is_given_up(app):
    runs = []

    def lose():
        runs.append(1)
        db.session.execute(LOSE)

    answer, _ = ask(app, lose)
    assert (answer.status_code, len(runs)) == (503, transactions.MAX_RUNS)


def test_a_connection_that_ends_in_the_middle_costs_nobody_anything(app, database_url):
    runs = []

    def lose_connection():
        runs.append(1)
        db.session.execute(TAKE, {"code": "HND-01"})
        if len(runs) == 1:
            pid = db.session.execute(text("SELECT pg_backend_pid()")).scalar()
            with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        db.session.execute(TAKE, {"code": "HND-02"})
        return {}

    answer, _ = ask(app, lose_connection)
    assert (answer.status_code, len(runs)) == (200, 2)


def test_what_was_committed_on_the_way_does_not_happen_twice(app):
    """The count of a wrong password is kept whatever comes of the request."""
    runs = []

    def count_and_lose():
        with independent_transaction():
            runs.append(1)
        db.session.execute(LOSE)

    answer, _ = ask(app, count_and_lose)
    assert (answer.status_code, len(runs)) == (503, 1)


def test_a_notice_that_a_lost_run_had_shown_is_shown(app):
    runs = []

    def show():
        drawn = render_page("error.html", message="x")
        runs.append(1)
        if len(runs) == 1:
            db.session.execute(LOSE)
        return drawn

    app.add_url_rule("/show", "show", allow("public")(show))
    client = app.test_client()
    with client.session_transaction() as kept:
        kept["_flashes"] = [("done", {"text": "The desk is open."})]
    answer = in_new_context(client.get, "/show")
    assert (answer.status_code, len(runs)) == (200, 2)
    assert "The desk is open." in answer.text
