"""When a session ends: by sign-out, by time, by somebody's action; and that nothing restores it."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.db.session import db, unit_of_work
from app.staff import queries
from app.staff.actions import sessions
from app.staff.queries import ACCOUNT_DESKS, ACCOUNTS, SESSIONS
from tests.factories.records import (
    JSON,
    PASSWORD,
    Browser,
    in_new_context,
    make_account,
    make_desk,
    sign_in,
)
from tests.staff.links import NEW_PASSWORD

pytestmark = pytest.mark.both_databases


@pytest.fixture
def browser(app: Flask) -> Browser:
    make_account("known", "desk_staff", (make_desk("HND-01"),))
    return sign_in(app, "known")


def status_after(browser: Browser, passed: timedelta) -> int:
    def get_status() -> int:
        with clock.frozen_at(clock.now() + passed):
            return int(browser.client.get("/sync/me", headers=JSON).status_code)

    return int(in_new_context(get_status))


def test_replayed_cookie_is_dead_after_signing_out(app: Flask, browser: Browser) -> None:
    cookie = browser.client.get_cookie("ventanilla").value
    assert browser.post("/sign-out").status_code == 200

    replayed = Browser(app.test_client())
    replayed.client.set_cookie("ventanilla", cookie)

    assert replayed.get_json("/sync/me").status_code == 401
    page = replayed.get("/account")
    assert page.status_code == 302 and page.location == "/sign-in?next=%2Faccount"


def test_idle_session_ends_after_an_hour(browser: Browser) -> None:
    assert status_after(browser, timedelta(minutes=59)) == 200
    assert status_after(browser, timedelta(minutes=59 + 59)) == 200
    assert status_after(browser, timedelta(minutes=59 + 59 + 61)) == 401


def test_busy_session_ends_after_twelve_hours(browser: Browser) -> None:
    for half_hours in range(1, 25):
        assert status_after(browser, timedelta(minutes=30 * half_hours - 1)) == 200
    assert status_after(browser, timedelta(hours=12, seconds=5)) == 401


def test_request_under_way_does_not_restore_an_ended_session(
    app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_session = queries.find_session

    def end_meanwhile(session: Any, digest: str) -> Any:
        row = find_session(session, digest)
        db.session.rollback()
        with unit_of_work():
            sessions.end_all_sessions(db.session(), row[3].id)
        return row

    monkeypatch.setattr(queries, "find_session", end_meanwhile)
    assert status_after(browser, timedelta(minutes=10)) == 401
    monkeypatch.undo()

    row = db.session.execute(select(SESSIONS.c.ended_at, SESSIONS.c.seen_at)).one()
    db.session.rollback()
    assert row.ended_at is not None and row.seen_at < clock.now() + timedelta(minutes=5)
    assert browser.get_json("/sync/me").status_code == 401


def test_password_change_ends_the_other_sessions_and_keeps_this_one(
    app: Flask, browser: Browser
) -> None:
    other = sign_in(app, "known")
    fields = {"current": PASSWORD, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD}

    assert browser.post_form("/account/password", fields).location == "/account"

    assert other.get_json("/sync/me").status_code == 401
    assert browser.get_json("/sync/me").status_code == 200
    assert sign_in(app, "known", NEW_PASSWORD)


def test_password_change_refuses_with_one_sentence_at_the_field(
    app: Flask, browser: Browser
) -> None:
    other = sign_in(app, "known")
    fields = {"current": PASSWORD, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD}
    for changes, problem in (
        ({"current": "wrong-phrase"}, ("current", "wrong_password")),
        ({"current": ""}, ("current", "required")),
        ({"password": "short"}, ("password", "too_short")),
        ({"password": "known-known-known"}, ("password", "too_common")),
        ({"repeated": "something-else"}, ("repeated", "not_the_same")),
    ):
        answer = browser.post_form("/account/password", {**fields, **changes}, headers=JSON)
        assert answer.status_code == 422
        assert [(p["field"], p["code"]) for p in answer.get_json()["problems"]] == [problem]
    page = browser.post_form("/account/password", {**fields, "current": "wrong-phrase"})
    assert page.status_code == 422 and "wrong-phrase" not in page.text
    assert 'aria-describedby="p-current' in page.text
    assert other.get_json("/sync/me").status_code == 200


def test_sign_out_everywhere_ends_every_session_of_the_account_alone(
    app: Flask, browser: Browser
) -> None:
    make_account("somebody", "admin")
    other, stranger = sign_in(app, "known"), sign_in(app, "somebody")

    answer = browser.post_form("/account/sign-out-everywhere", {})

    assert answer.location == "/sign-in"
    assert browser.get_json("/sync/me").status_code == 401
    assert other.get_json("/sync/me").status_code == 401
    assert stranger.get_json("/sync/me").status_code == 200


def test_changed_role_and_changed_desks_hold_on_the_next_request(
    app: Flask, browser: Browser
) -> None:
    elsewhere = make_desk("HND-02")
    assert browser.get_json("/consultations/new").status_code == 200
    with unit_of_work():
        account = queries.find_account(db.session(), "known")
        assert account is not None
        own_account = update(ACCOUNTS).where(ACCOUNTS.c.id == account.id)
        db.session.execute(update(ACCOUNT_DESKS).values(desk_id=elsewhere.id))
        db.session.execute(own_account.values(version=account.version + 1))
    moved = browser.get_json("/sync/me").get_json()
    with unit_of_work():
        db.session.execute(own_account.values(role="regional", version=account.version + 2))

    assert [desk["code"] for desk in moved["desks"]] == ["HND-02"]
    assert browser.get_json("/consultations/new").status_code == 403
    assert browser.get_json("/sync/me").get_json()["role"] == "regional"


def test_language_chosen_on_a_device_is_remembered_with_the_account(
    app: Flask, browser: Browser
) -> None:
    browser.post_form("/preferences", {"locale": "fr"})

    assert sign_in(app, "known").get_json("/sync/me").get_json()["locale"] == "fr"
    browser.post_form("/preferences", {"locale": "xx"})
    assert sign_in(app, "known").get_json("/sync/me").get_json()["locale"] == "fr"
