"""Every check of a password counts the attempt first; an address that tries many names waits too."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from argon2 import PasswordHasher, extract_parameters
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from app import clock
from app.db.session import db, unit_of_work
from app.staff import rules
from app.staff.actions import hashing
from app.staff.queries import ACCOUNTS
from tests.factories.records import PASSWORD, Browser, make_account, make_desk, sign_in

pytestmark = pytest.mark.both_databases

WRONG = "not-the-right-phrase"
NEW_PASSWORD = "another-long-phrase"
TRIES = st.integers(0, 500)
LIMITS = st.integers(1, 100)


@given(TRIES, TRIES, LIMITS, st.booleans())
def test_more_failures_never_make_the_wait_go_away(
    failed: int, further_failures: int, limit: int, is_known: bool
) -> None:
    waits_at_address = rules.address_must_wait(failed, limit, is_known)
    assert not waits_at_address or rules.address_must_wait(
        failed + further_failures, limit, is_known
    )
    waits = rules.must_wait(failed, failed, limit, is_known)
    assert not waits or rules.must_wait(
        failed + further_failures, failed + further_failures, limit, is_known
    )


@given(TRIES, LIMITS)
def test_a_name_known_at_an_address_never_waits_because_of_other_names(
    failed: int, limit: int
) -> None:
    assert not rules.address_must_wait(failed, limit, is_known_source=True)
    assert not rules.must_wait(0, failed, limit, is_known_source=True)


@given(st.lists(st.sampled_from("abcdefghijklmnop"), max_size=200), st.integers(1, 5))
def test_of_any_names_a_stranger_tries_only_a_bounded_number_is_checked(
    names: list[str], limit: int
) -> None:
    checked: list[str] = []
    for name in names:
        n_checked = checked.count(name)
        if not rules.must_wait(n_checked, n_checked, limit, False) and not rules.address_must_wait(
            len(checked), limit, False
        ):
            checked.append(name)
    assert len(checked) <= limit * rules.ADDRESS_FACTOR
    assert all(checked.count(name) <= limit for name in names)


def test_ten_people_behind_one_address_may_mistype_nearly_three_times_each() -> None:
    assert not rules.address_must_wait(29, 5, is_known_source=False)
    assert rules.address_must_wait(30, 5, is_known_source=False)


def set_sign_in_limit(app: Flask, limit: int) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], sign_in_limit=limit)


def attempt(app: Flask, name: str, password: str = WRONG, address: str = "10.0.0.1") -> Any:
    credentials = {"username": name, "password": password}
    browser = Browser(app.test_client())
    return browser.post("/sign-in", credentials, environ_base={"REMOTE_ADDR": address})


def test_an_address_that_tried_many_names_waits_and_the_desk_behind_it_works_on(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_account("ana", "admin")
    make_account("ben", "admin")
    set_sign_in_limit(app, 1)
    assert attempt(app, "ana", PASSWORD).status_code == 200
    statuses = [attempt(app, f"name{n}").status_code for n in range(6)]
    monkeypatch.setattr(hashing, "is_correct_secret", lambda *_: pytest.fail("hashed"))
    refused = attempt(app, "ben", PASSWORD)
    monkeypatch.undo()

    assert statuses == [401] * 6
    assert refused.status_code == 429 and refused.headers["Retry-After"] == "900"
    assert attempt(app, "ana", PASSWORD).status_code == 200
    assert attempt(app, "ben", PASSWORD, "10.0.0.2").status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=15, seconds=5), tick=True):
        assert attempt(app, "ben", PASSWORD).status_code == 200


def test_addresses_of_one_ipv6_line_are_one_address(app: Flask) -> None:
    set_sign_in_limit(app, 1)
    statuses = [
        attempt(app, f"name{n}", address=f"2001:db8:1:2::{n:x}").status_code for n in range(8)
    ]

    assert statuses == [401] * 6 + [429] * 2
    assert attempt(app, "name9", address="2001:db8:1:3::1").status_code == 401


def password_form(current: str) -> dict[str, str]:
    return {"current": current, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD}


def pin_form(current: str) -> dict[str, str]:
    return {"own_password": current, "pin": "493817", "repeated_pin": "493817"}


@pytest.mark.parametrize(
    ("path", "form", "field"),
    [
        ("/account/password", password_form, "current"),
        ("/account/pin", pin_form, "own_password"),
    ],
)
def test_the_password_asked_inside_a_session_is_counted_like_sign_in(
    app: Flask, path: str, form: Any, field: str
) -> None:
    make_account("ana", "desk_staff", (make_desk(),))
    set_sign_in_limit(app, 3)
    ana = sign_in(app, "ana")
    headers = {"Accept": "application/json"}
    wrong = [ana.post_form(path, form(WRONG), headers=headers) for _ in range(3)]
    locked_out = ana.post_form(path, form(PASSWORD), headers=headers)
    page = ana.post_form(path, form(PASSWORD))

    assert [answer.status_code for answer in wrong] == [422] * 3
    assert {answer.get_json()["problems"][0]["field"] for answer in wrong} == {field}
    assert locked_out.status_code == page.status_code == 429
    assert locked_out.headers["Retry-After"] == page.headers["Retry-After"] == "900"
    assert locked_out.get_json().keys() == {"problem"}
    assert "quarter of an hour" in page.text or "aria-invalid" in page.text
    with time_machine.travel(clock.now() + timedelta(minutes=15, seconds=5), tick=True):
        assert ana.post_form(path, form(PASSWORD)).status_code == 302


def test_the_right_password_resets_the_count_and_weak_new_ones_are_not_guesses(
    app: Flask,
) -> None:
    make_account("ana", "desk_staff", (make_desk(),))
    set_sign_in_limit(app, 2)
    ana = sign_in(app, "ana")
    weak = {**password_form(WRONG), "password": "short", "repeated": "short"}
    for _ in range(4):
        assert ana.post_form("/account/password", weak).status_code == 422
    for _ in range(3):
        assert ana.post_form("/account/pin", pin_form(WRONG)).status_code == 422
        assert ana.post_form("/account/pin", pin_form(PASSWORD)).status_code == 302


@pytest.mark.usefixtures("real_hashes")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_hash_of_four_lanes_verifies_and_is_replaced_by_one_of_one_lane(app: Flask) -> None:
    make_account("ana", "admin")
    old = PasswordHasher(time_cost=1, memory_cost=64, parallelism=4).hash(PASSWORD)
    with unit_of_work():
        db.session.execute(update(ACCOUNTS).values(password_hash=old))

    assert attempt(app, "ana", WRONG).status_code == 401
    assert stored_hash() == old
    assert attempt(app, "ana", PASSWORD).status_code == 200
    assert extract_parameters(stored_hash()) == extract_parameters(hashing.DUMMY_HASH)
    assert attempt(app, "ana", PASSWORD).status_code == 200


def stored_hash() -> str:
    password_hash = str(db.session.scalar(select(ACCOUNTS.c.password_hash)))
    db.session.rollback()
    return password_hash


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_a_free_hashing_slot_the_answer_is_to_retry_and_nothing_is_counted(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_account("ana", "admin")
    set_sign_in_limit(app, 1)
    monkeypatch.setattr(hashing, "MAX_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(hashing, "SLOTS", 1)
    with hashing.hashing_slot():
        answers = [attempt(app, "ana", PASSWORD) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503] * 3
    assert all(answer.headers["Retry-After"] == "3" for answer in answers)
    assert all(answer.get_json().keys() == {"problem"} for answer in answers)
    assert attempt(app, "ana", PASSWORD).status_code == 200
