"""Refused attempts leave an entry: what, how often, from which network; never a name or a secret."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.db.session import db, unit_of_work
from app.ops.actions import retention
from app.security import actions, rules
from app.security.queries import SECURITY_EVENTS
from app.security.rules import EventCounter, EventKey
from tests.factories.records import JSON, PASSWORD, Browser, at, in_new_context, sign_in
from tests.factories.two_country_world import TwoCountryWorld
from tests.sync.tablet import make_tablet

pytestmark = pytest.mark.both_databases

NOW = at("2026-03-14 15:00")
WRONG = "not-the-right-phrase"
ADDRESS = {"REMOTE_ADDR": "203.0.113.77"}


@pytest.fixture(autouse=True)
def fresh_counter(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(actions, "_counter", EventCounter())
    with time_machine.travel(NOW, tick=True):  # requests do not share the context of the test
        yield


def entries() -> list[Any]:
    events = db.session.execute(select(SECURITY_EVENTS).order_by(SECURITY_EVENTS.c.number)).all()
    db.session.rollback()
    return list(events)


def kinds() -> list[str]:
    return [row.kind for row in entries()]


def attempt(app: Flask, name: str, password: str = WRONG) -> Any:
    credentials = {"username": name, "password": password}
    return Browser(app.test_client()).post("/sign-in", credentials, environ_base=ADDRESS)


def cause_every_refusal(app: Flask, world: TwoCountryWorld) -> list[str]:
    """Cause one of each kind of refusal; return the kinds to be logged."""
    ana = world["ana"]
    tablet = make_tablet(app, world.accounts["adela"], world.desks["HND-01"])
    own = {**JSON, "Authorization": f"Device {tablet.enrolment['credential']}"}
    foreign = {**JSON, "Authorization": "Device stranger"}
    post = app.test_client().post
    attempt(app, "ana")
    ana.get("/desks")
    ana.post_form("/account/password", {"current": WRONG, "password": WRONG, "repeated": WRONG})
    in_new_context(post, "/sync/switch", json={"account": "ana", "pin": "000000"}, headers=own)
    in_new_context(post, "/sync/contact", json={}, headers=foreign)
    in_new_context(post, "/sync/enrol", json={"code": "WRONG"})
    in_new_context(app.test_client().get, "/invitations/unknown")
    world["adela"].post_form(f"/devices/{tablet.enrolment['device']}/revoke", {})
    in_new_context(post, "/sync/contact", json={}, headers=own)
    return [
        "sign_in_failed",
        "right_refused",
        "password_wrong",
        "pin_wrong",
        "device_unknown",
        "code_refused",
        "link_refused",
        "device_revoked",
    ]


def test_every_kind_of_refusal_leaves_an_entry(app: Flask, world: TwoCountryWorld) -> None:
    assert cause_every_refusal(app, world) == kinds()


def test_lock_outs_leave_an_entry_of_their_own(app: Flask, world: TwoCountryWorld) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], sign_in_limit=1)
    for name in ("ana", "ana", "x1x", "x2x", "x3x", "x4x", "x5x", "ben"):
        attempt(app, name)

    assert kinds().count("locked_out") == 1 and kinds()[-1] == "address_locked"


def test_an_entry_holds_neither_name_nor_secret_nor_the_whole_address(
    app: Flask, world: TwoCountryWorld
) -> None:
    attempt(app, "my-password-by-mistake")
    attempt(app, "ana")
    unknown, of_account = entries()

    assert "my-password" not in str((unknown, of_account)) and WRONG not in str(
        (unknown, of_account)
    )
    assert (unknown.account_id, of_account.account_id) == (None, world.accounts["ana"].account_id)
    assert unknown.network == "203.0.113.0/24" and "203.0.113.77" not in str(unknown)
    assert len(unknown.name_key) == 64


def test_the_same_within_a_minute_is_one_entry_with_a_count(
    app: Flask, world: TwoCountryWorld
) -> None:
    for _ in range(3):
        attempt(app, "ana")
    with time_machine.travel(NOW + timedelta(minutes=1), tick=True):
        attempt(app, "ana")

    assert [row.times for row in entries()] == [3, 1]


def test_a_list_of_names_fills_no_more_than_twenty_entries_a_minute(
    app: Flask, world: TwoCountryWorld
) -> None:
    for n in range(rules.MAX_NAMES_PER_MINUTE + 8):
        attempt(app, f"name{n}")

    assert len(entries()) == rules.MAX_NAMES_PER_MINUTE + 1
    assert sum(row.times for row in entries()) == rules.MAX_NAMES_PER_MINUTE + 8


@given(st.integers(1, 5000))
def test_a_flood_costs_few_writes_and_is_never_counted_too_high(n_events: int) -> None:
    counter = EventCounter()
    written = [counter.add(NOW, "same") for _ in range(n_events)]

    assert n_events * 0.5 < sum(written) <= n_events
    assert sum(1 for times in written if times) <= 10 * len(str(n_events))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from((None, 1, 2)))))
def test_entries_that_differ_have_rows_of_their_own(parts: list[tuple[str, int | None]]) -> None:
    keys = {EventKey("pin_wrong", key, account, "") for key, account in parts}
    digests = {
        entry.digest(minute)
        for entry, minute in itertools.product(keys, (NOW, NOW + timedelta(minutes=1)))
    }
    assert len(digests) == 2 * len(keys)


def test_a_log_that_cannot_be_written_changes_no_answer(app: Flask, world: TwoCountryWorld) -> None:
    ana = world["ana"]
    db.session.execute(text("DROP TABLE security_event"))
    db.session.commit()

    assert ana.get("/desks").status_code == 403
    assert attempt(app, "ana").status_code == 401


def test_what_is_well_leaves_no_entry(app: Flask, world: TwoCountryWorld) -> None:
    assert attempt(app, "ana", PASSWORD).status_code == 200
    assert world["ana"].get("/today").status_code == 200
    assert entries() == []


def test_the_administration_alone_reads_it_in_words_and_page_by_page(
    app: Flask, world: TwoCountryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.staff.views.security_log.PAGE_SIZE", 2)
    attempt(app, "my-password-by-mistake")
    attempt(app, "ana")
    world["susana"].get("/desks")
    adela = world["adela"]
    newest = adela.get("/security").text
    older = adela.get(f"/security?before={entries()[1].number}").text

    assert "ana" in newest and "susana" in newest and "203.0.113.0/24" in newest
    assert entries()[0].name_key[:8] in older and "my-password" not in older
    assert 'href="/security"' in adela.get("/audit").text
    assert 'href="/security"' not in world["susana"].get("/audit").text
    assert adela.get("/security?before=x").status_code == 404


def test_entries_of_ninety_days_go(app: Flask, world: TwoCountryWorld) -> None:
    for age in (rules.RETENTION + timedelta(hours=1), rules.RETENTION - timedelta(hours=1)):
        with time_machine.travel(NOW - age, tick=True):
            attempt(app, "ana")
    kind = next(kind for kind in retention.KINDS if kind.subject == "security")
    with unit_of_work():
        assert retention.purge(db.session(), kind) == 1
    assert len(entries()) == 1


def test_reading_the_security_log_is_audited(app: Flask, world: TwoCountryWorld) -> None:
    sign_in(app, "adela").get("/security")
    actions = db.session.scalars(text("SELECT action FROM audit_entry ORDER BY number")).all()
    db.session.rollback()
    assert actions[-1] == "security_read"
