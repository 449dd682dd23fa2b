"""A shared tablet changes hands with a PIN: whose session ends, whose begins, and who is refused."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.db.session import db, unit_of_work
from app.staff.actions import pins
from app.sync.actions import devices
from app.sync.queries import devices as device_queries
from tests.factories.records import JSON, PASSWORD, Browser, in_new_context
from tests.factories.two_country_world import TwoCountryWorld
from tests.sync.tablet import Tablet, make_tablet

PIN, WRONG = "493817", "593817"


@pytest.fixture
def tablet(app: Flask, world: TwoCountryWorld) -> Tablet:
    for name in ("ana", "ben", "eva"):
        give_pin(world, name)
    return make_tablet(app, world.accounts["adela"], world.desks["HND-01"])


def give_pin(world: TwoCountryWorld, name: str) -> None:
    with unit_of_work():
        passwords = (PASSWORD, PIN, PIN)
        assert pins.set_pin(db.session(), world.accounts[name], *passwords) == []


def post_from_tablet(tablet: Tablet, client: FlaskClient, path: str, **body: Any) -> Any:
    headers = {"Authorization": f"Device {tablet.enrolment['credential']}"}
    return in_new_context(client.post, path, json=body, headers=headers)


def signed_in_account(client: FlaskClient) -> str | None:
    answer = in_new_context(client.get, "/sync/me", headers=JSON)
    return str(answer.get_json()["account"]) if answer.status_code == 200 else None


def test_a_pin_begins_the_session_of_a_colleague(app: Flask, tablet: Tablet) -> None:
    client = app.test_client()
    answer = post_from_tablet(tablet, client, "/sync/switch", account="ana", pin=PIN)
    assert (answer.status_code, answer.get_json()) == (
        200,
        {"account": "ana", "role": "desk_staff"},
    )
    assert signed_in_account(client) == "ana"
    assert Browser(client).post("/sign-out").status_code == 200
    assert signed_in_account(client) is None


def test_the_former_persons_session_ends(world: TwoCountryWorld, tablet: Tablet) -> None:
    client = world["ana"].client
    cookie = client.get_cookie("ventanilla").value
    assert (
        post_from_tablet(tablet, client, "/sync/switch", account="ben", pin=PIN).status_code == 200
    )
    assert signed_in_account(client) == "ben"
    other = world.app.test_client()
    other.set_cookie("ventanilla", cookie)
    assert signed_in_account(other) is None


def test_locking_ends_the_session_and_needs_none(world: TwoCountryWorld, tablet: Tablet) -> None:
    client = world["ana"].client
    cookie = client.get_cookie("ventanilla").value
    for _ in range(2):
        assert post_from_tablet(tablet, client, "/sync/lock").status_code == 200
    assert signed_in_account(client) is None
    client.set_cookie("ventanilla", cookie)
    assert signed_in_account(client) is None


def test_a_wrong_pin_says_how_many_tries_are_left_and_leaves_the_session(
    world: TwoCountryWorld, tablet: Tablet
) -> None:
    client = world["ana"].client
    for left in (4, 3, 2, 1, 0):
        answer = post_from_tablet(tablet, client, "/sync/switch", account="ben", pin=WRONG)
        assert (answer.status_code, answer.get_json()["left"]) == (401, left)
    answer = post_from_tablet(tablet, client, "/sync/switch", account="ben", pin=PIN)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) == 900
    assert signed_in_account(client) == "ana"


@pytest.mark.parametrize("name", ["eva", "susana", "nobody"])
def test_only_a_colleague_of_the_tablets_desk_takes_it_over(
    app: Flask, tablet: Tablet, name: str
) -> None:
    client = app.test_client()
    answer = post_from_tablet(tablet, client, "/sync/switch", account=name, pin=PIN)
    assert answer.status_code == 401
    assert "device" not in answer.get_json()
    assert signed_in_account(client) is None


@pytest.mark.parametrize("path", ["/sync/switch", "/sync/lock"])
def test_without_an_enrolled_tablet_no_pin_opens_anything(
    world: TwoCountryWorld, tablet: Tablet, path: str
) -> None:
    with unit_of_work():
        row = device_queries.lock_device_unscoped(
            db.session(), devices.load_device(tablet.enrolment["credential"]).id
        )
        assert row is not None
        devices.revoke_device(db.session(), world.accounts["adela"].account_id, row)
    client = world["ana"].client
    answer = post_from_tablet(tablet, client, path, account="ben", pin=PIN)
    assert (answer.status_code, answer.get_json()["device"]) == (401, "revoked")
    tablet.enrolment["credential"] = "made-up"
    assert (
        post_from_tablet(tablet, client, path, account="ben", pin=PIN).get_json()["device"]
        == "unknown"
    )
    assert signed_in_account(client) == "ana"


@pytest.mark.parametrize("body", [{}, {"account": "ana"}, {"account": 1, "pin": PIN}])
def test_half_a_request_is_refused_and_counts_as_no_try(
    app: Flask, tablet: Tablet, body: dict[str, Any]
) -> None:
    client = app.test_client()
    assert post_from_tablet(tablet, client, "/sync/switch", **body).status_code == 400
    assert (
        post_from_tablet(tablet, client, "/sync/switch", account="ana", pin=WRONG).get_json()[
            "left"
        ]
        == 4
    )


def test_a_contact_gives_the_tablet_the_people_who_may_take_it_over(
    world: TwoCountryWorld, tablet: Tablet
) -> None:
    people = tablet.contact()["people"]
    assert [person["account"] for person in people] == ["ana", "ben"]
    assert all(set(person) == {"account", "salt", "check"} for person in people)
    assert all(0 <= person["check"] < 1024 for person in people)


def test_the_address_of_the_lock_is_the_sign_in_page_if_no_tablet_draws_it(app: Flask) -> None:
    answer = in_new_context(app.test_client().get, "/lock")
    assert answer.status_code == 200
    assert 'name="password"' in answer.text
