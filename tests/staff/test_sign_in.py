"""Signing in: one answer in the same time, a lock-out that passes, a new session each time, cookies and own paths."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from argon2 import extract_parameters
from argon2.low_level import Type
from flask import Flask
from sqlalchemy import select, update

from app import clock, create_app
from app.db.session import db, unit_of_work
from app.staff.actions import accounts, hashing, sessions
from app.staff.models import SignInAttempt
from app.staff.queries import ACCOUNTS, SESSIONS, find_account
from app.web.access import limiter
from config import read_settings
from tests.factories.records import JSON, PASSWORD, Browser, make_account, make_desk, sign_in
from tests.production.settings import production_environment

WRONG = "not-the-right-phrase"
SAFE = production_environment(PUBLIC_URL="https://ventanilla.example")


@pytest.fixture
def sqlite_app(tmp_path: Any, sqlite_template: Any) -> Any:
    import shutil

    from tests.conftest import settings_for

    shutil.copy(sqlite_template, tmp_path / "one.sqlite")
    new_app = create_app(settings_for(f"sqlite:///{tmp_path / 'one.sqlite'}"))
    limiter.enabled = False
    with new_app.app_context():
        make_account("known", "admin")
        yield new_app
        db.session.remove()
        db.engine.dispose()


def set_sign_in_limit(app: Flask, limit: int) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], sign_in_limit=limit)


def attempt(app: Flask, username: str, password: str = WRONG, address: str = "10.0.0.1") -> Any:
    browser = Browser(app.test_client())
    credentials = {"username": username, "password": password}
    return browser.post("/sign-in", credentials, environ_base={"REMOTE_ADDR": address})


def attempt_by_page(app: Flask, **fields: Any) -> Any:
    return Browser(app.test_client()).post_form("/sign-in", {"password": PASSWORD, **fields})


def with_real_hash(username: str) -> None:
    with unit_of_work():
        statement = update(ACCOUNTS).where(ACCOUNTS.c.username == username)
        db.session.execute(statement.values(password_hash=hashing.hash_password(PASSWORD)))


@pytest.mark.usefixtures("real_hashes")
def test_passwords_are_argon2id_with_64_mebibytes_and_three_passes() -> None:
    parameters = extract_parameters(hashing.hasher.hash("any phrase at all"))

    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost) == (65536, 3)


@pytest.mark.usefixtures("real_hashes")
def test_unknown_name_wrong_password_and_closed_account_get_the_same_answer_as_slowly(
    sqlite_app: Flask,
) -> None:
    make_account("closed", "admin")
    with_real_hash("known")
    with_real_hash("closed")
    with unit_of_work():
        row = find_account(db.session(), "closed")
        assert row is not None
        accounts.close_account(db.session(), None, row)
    durations: dict[str, list[float]] = {"known": [], "unknown": [], "closed": []}
    bodies = set()
    for _ in range(16):
        for name, times in durations.items():
            password = PASSWORD if name == "closed" else WRONG
            started = time.process_time()  # nobody sleeps there: other programs must not count
            answer = attempt(sqlite_app, name, password)
            times.append(time.process_time() - started)
            bodies.add((answer.status_code, answer.data, answer.mimetype))

    assert len(bodies) == 1 and bodies.pop()[0] == 401
    quickest = sorted(sorted(times)[4] for times in durations.values())
    assert quickest[-1] < quickest[0] * 1.4, durations


def test_an_account_whose_invitation_was_not_accepted_cannot_sign_in(app: Flask) -> None:
    make_account("invited", "admin")
    with unit_of_work():
        statement = update(ACCOUNTS).where(ACCOUNTS.c.username == "invited")
        db.session.execute(statement.values(password_hash=None))

    for password in ("", PASSWORD):
        assert attempt(app, "invited", password).status_code == 401


def test_lock_out_holds_for_one_address_and_passes_after_fifteen_minutes(app: Flask) -> None:
    make_account("known", "admin")
    set_sign_in_limit(app, 3)
    statuses = [attempt(app, "known").status_code for _ in range(4)]
    locked = attempt(app, "known", PASSWORD)
    page = attempt_by_page(app, username="unknown")

    assert statuses == [401, 401, 401, 429]
    assert locked.status_code == 429 and locked.headers["Retry-After"] == "900"
    assert locked.get_json().keys() == {"problem"}
    assert page.status_code == 401
    assert attempt(app, "known", PASSWORD, address="10.0.0.2").status_code == 200
    assert attempt(app, "known", PASSWORD).status_code == 429
    with time_machine.travel(clock.now() + timedelta(minutes=15, seconds=5), tick=True):
        assert attempt(app, "known", PASSWORD).status_code == 200


def test_locked_out_person_reads_one_sentence_on_the_page(app: Flask) -> None:
    set_sign_in_limit(app, 1)
    make_account("known", "admin")
    for _ in range(2):
        attempt(app, "known", address="127.0.0.1")

    answer = attempt_by_page(app, username="known")

    assert answer.status_code == 429 and answer.headers["Retry-After"] == "900"
    assert 'role="alert"' in answer.text and PASSWORD not in answer.text


def test_unknown_names_are_locked_out_just_the_same(app: Flask) -> None:
    set_sign_in_limit(app, 2)

    assert [attempt(app, "nobody").status_code for _ in range(3)] == [401, 401, 429]


def test_a_name_tried_from_everywhere_is_slowed_down_too(app: Flask) -> None:
    make_account("known", "admin")
    set_sign_in_limit(app, 1)

    statuses = [attempt(app, "known", address=f"10.1.0.{n}").status_code for n in range(11)]

    assert statuses == [401] * 10 + [429]


def test_a_stranger_with_many_addresses_cannot_lock_out_the_desk_itself(app: Flask) -> None:
    make_account("known", "admin")
    set_sign_in_limit(app, 1)
    assert attempt(app, "known", PASSWORD, address="10.0.0.2").status_code == 200
    for n in range(12):
        attempt(app, "known", address=f"10.1.0.{n}")

    assert attempt(app, "known", PASSWORD, address="10.9.9.9").status_code == 429
    assert attempt(app, "known", PASSWORD, address="10.0.0.2").status_code == 200


def test_hammering_on_does_not_prolong_a_lock_out(app: Flask) -> None:
    make_account("known", "admin")
    set_sign_in_limit(app, 2)
    for _ in range(3):
        attempt(app, "known")
    with time_machine.travel(clock.now() + timedelta(minutes=10), tick=True):
        assert [attempt(app, "known").status_code for _ in range(3)] == [429] * 3
    with time_machine.travel(clock.now() + timedelta(minutes=15, seconds=5), tick=True):
        assert attempt(app, "known", PASSWORD).status_code == 200


def test_success_forgets_the_failures_of_its_address(app: Flask) -> None:
    make_account("known", "admin")
    set_sign_in_limit(app, 3)
    for _ in range(3):
        for password, status in ((WRONG, 401), (WRONG, 401), (PASSWORD, 200)):
            assert attempt(app, "known", password).status_code == status


def test_parallel_guesses_cannot_pass_the_limit(app: Flask) -> None:
    make_account("known", "admin")
    set_sign_in_limit(app, 5)
    with ThreadPoolExecutor(hashing.MAX_HASHING_THREADS) as pool:
        statuses = list(pool.map(lambda _: attempt(app, "known").status_code, range(24)))

    assert set(statuses) == {401, 429}
    assert statuses.count(401) == 5
    counted = db.session.execute(select(SignInAttempt.__table__)).all()
    db.session.rollback()
    assert len(counted) == statuses.count(401)
    assert attempt(app, "known", PASSWORD).status_code == 429


def test_attempts_hold_neither_name_nor_address(app: Flask) -> None:
    attempt(app, "my-password-by-mistake", address="10.9.8.7")

    rows = str(db.session.execute(select(SignInAttempt.__table__)).all())
    assert "my-password" not in rows and "10.9.8.7" not in rows and "SignInAttempt" not in rows


def test_strange_input_is_refused_and_never_an_error(app: Flask) -> None:
    for name in ("", "a\x00b", "\ud800", "x" * 5000):
        assert attempt(app, name).status_code == 401, name
    assert attempt(app, "known", "\ud800\x00").status_code == 401
    browser = Browser(app.test_client())
    for credentials in ({}, {"username": "a"}, {"username": 1, "password": 2}, {"username": None}):
        assert browser.post("/sign-in", credentials).status_code == 401


def test_rate_limit_counts_requests_of_one_address(app: Flask) -> None:
    limiter.reset()
    limiter.enabled = True
    try:
        statuses = [attempt(app, f"n{n}", address="10.3.0.1").status_code for n in range(4)]
        browser = Browser(app.test_client())
        token = browser.token()
        credentials = {"username": "x", "password": "y"}
        headers = {"X-CSRFToken": "", **JSON}
        base = {"REMOTE_ADDR": "10.3.0.1"}
        for _ in range(117):
            last = browser.client.post(
                "/sign-in", json=credentials, headers=headers, environ_base=base
            )
        page = browser.client.post("/sign-in", data={"csrf_token": token}, environ_base=base)
    finally:
        limiter.enabled = False
        limiter.reset()

    assert statuses == [401] * 4
    assert last.status_code == 429 and int(last.headers["Retry-After"]) > 0
    assert last.get_json().keys() == {"problem"}
    assert page.status_code == 429 and page.mimetype == "text/html"


def test_a_session_planted_before_signing_in_does_not_become_the_persons(app: Flask) -> None:
    make_account("known", "admin")
    make_account("other", "admin")
    browser = sign_in(app, "other")
    cookie = browser.client.get_cookie("ventanilla").value

    browser.post("/sign-in", {"username": "known", "password": PASSWORD})

    assert browser.get_json("/sync/me").get_json()["account"] == "known"
    replayed = Browser(app.test_client())
    replayed.client.set_cookie("ventanilla", cookie)
    assert replayed.get_json("/sync/me").status_code == 401


def test_the_token_of_before_does_not_hold_after_signing_in(app: Flask) -> None:
    make_account("known", "admin")
    browser = Browser(app.test_client())
    before = browser.token()
    browser.post("/sign-in", {"username": "known", "password": PASSWORD})

    answer = browser.client.post("/sign-out", headers={"X-CSRFToken": before, **JSON})

    assert answer.status_code == 400
    assert browser.get_json("/sync/me").status_code == 200


def test_only_digests_of_sessions_are_stored(app: Flask) -> None:
    make_account("known", "admin")
    browser = sign_in(app, "known")
    with browser.client.session_transaction() as session:
        token = session["_user_id"]

    rows = str(db.session.execute(select(SESSIONS)).all())
    db.session.rollback()

    assert token not in rows and sessions.rules.digest(token) in rows


@pytest.mark.parametrize(
    ("requested", "location"),
    [
        ("/today?day=2026-03-01", "/today?day=2026-03-01"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/%2Fevil.example", "/"),
        ("/\tevil", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_going_on_leads_to_own_paths_only(sqlite_app: Flask, requested: str, location: str) -> None:
    answer = attempt_by_page(sqlite_app, username="known", next=requested)

    assert answer.status_code == 302 and answer.location == location


def test_expired_session_never_puts_a_password_on_the_page(sqlite_app: Flask) -> None:
    browser = Browser(sqlite_app.test_client())
    fields = {"current": "old-secret-1", "password": "new-secret-1", "repeated": "new-secret-1"}

    answer = browser.post_form("/account/password", fields)

    assert answer.status_code == 401 and "secret" not in answer.text


def test_cookie_is_http_only_lax_and_in_production_secure_and_bound_to_the_host(
    tmp_path: Any, sqlite_template: Any
) -> None:
    import shutil

    shutil.copy(sqlite_template, tmp_path / "one.sqlite")
    address = f"sqlite:///{tmp_path / 'one.sqlite'}"
    for environ, name, secure in (({}, "ventanilla", False), (SAFE, "__Host-ventanilla", True)):
        app = create_app(read_settings({**environ, "DATABASE_URL": address}))
        headers = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"} if environ else {}
        answer = app.test_client().get(
            "/sync/token", base_url="https://ventanilla.example", headers=headers
        )
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith(f"{name}=") and "HttpOnly" in cookie and "SameSite=Lax" in cookie
        assert ("Secure" in cookie) == secure and "Path=/" in cookie and "Domain" not in cookie
        assert "Expires" not in cookie and "Max-Age" not in cookie
        with app.app_context():
            db.engine.dispose()


def test_production_locks_out_after_five_failures_unless_configured_otherwise() -> None:
    assert read_settings(SAFE).sign_in_limit == 5
    assert read_settings({**SAFE, "SIGN_IN_LIMIT": "7"}).sign_in_limit == 7
    assert read_settings({}).sign_in_limit > 20


def test_programs_read_token_and_own_scope_in_the_promised_shape(app: Flask) -> None:
    desk = make_desk("HND-01")
    make_desk("GTM-01", "GTM")
    make_account("desk.hnd", "desk_staff", (desk,))
    make_account("supervisor.gtm", "supervisor", countries=("GTM",))
    make_account("regional", "regional")

    anonymous = Browser(app.test_client()).get_json("/sync/token")
    assert anonymous.status_code == 200 and anonymous.get_json().keys() == {"csrf_token"}
    assert Browser(app.test_client()).get_json("/sync/me").status_code == 401
    assert sign_in(app, "desk.hnd").get_json("/sync/me").get_json() == {
        "account": "desk.hnd",
        "role": "desk_staff",
        "desks": [
            {
                "code": "HND-01",
                "name": "Ventanilla HND-01",
                "country": "HND",
                "time_zone": "America/Tegucigalpa",
            }
        ],
        "shelters": [],
        "countries": ["HND"],
        "locale": "es",
    }
    supervisor = sign_in(app, "supervisor.gtm").get_json("/sync/me").get_json()
    assert [d["code"] for d in supervisor["desks"]] == ["GTM-01"] and supervisor["countries"] == [
        "GTM"
    ]
    regional = sign_in(app, "regional").get_json("/sync/me").get_json()
    assert regional["desks"] == [] and regional["role"] == "regional"
