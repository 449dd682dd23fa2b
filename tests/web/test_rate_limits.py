"""Requests per minute are counted in the database: no name, no address, no endless growth, no statement for a flood."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, select, text

from app import clock
from app.db.session import db
from app.web.access import limiter
from app.web.rate_limits import LIMITS
from tests.factories.records import JSON, Browser, in_new_context, make_account, make_desk, sign_in

pytestmark = pytest.mark.both_databases

PER_MINUTE = 20


@pytest.fixture
def limited_app(app: Flask) -> Iterator[Flask]:
    limiter.reset()
    limiter.enabled = True
    yield app
    limiter.enabled = False


def enrol(app: Flask, address: str = "203.0.113.7") -> Any:
    post, base = app.test_client().post, {"REMOTE_ADDR": address}
    return in_new_context(post, "/sync/enrol", json={"code": "WRONG"}, environ_base=base)


def rows() -> list[Any]:
    windows = db.session.execute(select(LIMITS).order_by(LIMITS.c.ends_at)).all()
    db.session.rollback()
    return list(windows)


def test_beyond_the_limit_of_a_minute_the_answer_is_429_with_the_seconds_to_wait(
    limited_app: Flask,
) -> None:
    statuses = [enrol(limited_app).status_code for _ in range(PER_MINUTE)]
    refused = enrol(limited_app)

    assert set(statuses) == {401}
    assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 61
    assert enrol(limited_app, "203.0.113.8").status_code == 401
    with time_machine.travel(clock.now() + timedelta(seconds=61), tick=True):
        assert enrol(limited_app).status_code == 401


def test_the_table_holds_no_address_and_windows_that_are_over_go(limited_app: Flask) -> None:
    for n in range(5):
        enrol(limited_app, f"203.0.113.{n}")
    windows = rows()
    with time_machine.travel(clock.now() + timedelta(minutes=2), tick=True):
        enrol(limited_app, "203.0.113.99")
        left = rows()

    assert len(windows) == 5 and "203.0.113" not in str(windows)
    assert len(left) == 1


def test_a_flood_of_refused_requests_sends_no_statement_to_the_database(limited_app: Flask) -> None:
    for _ in range(PER_MINUTE + 1):
        enrol(limited_app)
    statements: list[str] = []
    engine = db.engine

    def record_statement(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(engine, "before_cursor_execute", record_statement)
    try:
        answers = [enrol(limited_app) for _ in range(5)]
    finally:
        event.remove(engine, "before_cursor_execute", record_statement)

    assert {answer.status_code for answer in answers} == {429}
    assert not any("rate_limit" in statement for statement in statements)


def test_pages_without_a_limit_count_nothing(limited_app: Flask) -> None:
    ana = Browser(limited_app.test_client())
    for path in ("/sign-in", "/healthz", "/sync/token"):
        assert ana.get(path).status_code == 200
    assert rows() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_unavailable_store_answers_503_and_never_500(limited_app: Flask) -> None:
    db.session.execute(text("DROP TABLE rate_limit"))
    db.session.commit()

    assert enrol(limited_app).status_code == 503


def test_only_refused_cards_are_counted(limited_app: Flask) -> None:
    make_account("ana", "desk_staff", (make_desk(),))
    ana = sign_in(limited_app, "ana")
    before = len(rows())
    fields = {"card": "WRONG", "desk": "HND-01"}
    statuses = [ana.post("/cards/lookup", fields, headers=JSON).status_code for _ in range(31)]

    assert statuses == [422] * 30 + [429]
    assert len(rows()) == before + 1
