"""Routes of a tablet's own credential: a session does not help, another credential does not, and nothing changes."""

from typing import Any

from flask import Flask

from tests.contracts.test_permissions import BY_CREDENTIAL, everything_stored
from tests.factories.records import JSON, in_new_context
from tests.factories.two_country_world import TwoCountryWorld
from tests.sync.tablet import Tablet, make_tablet

PATHS = {
    "sync.envelopes": ("POST", "/sync/envelopes"),
    "sync.contact": ("POST", "/sync/contact"),
    "sync.shell": ("GET", "/sync/shell/record"),
    "sync.take_over": ("POST", "/sync/switch"),
    "sync.lock": ("POST", "/sync/lock"),
}


def send_request(app: Flask, endpoint: str, headers: dict[str, str], client: Any = None) -> Any:
    method, path = PATHS[endpoint]
    body = {"envelopes": [], "account": "ana", "pin": "000000"} if method == "POST" else None
    used_client = client or app.test_client()
    return in_new_context(
        used_client.open, path, method=method, json=body, headers={**JSON, **headers}
    )


def test_every_route_with_a_credential_is_tested_here() -> None:
    assert set(PATHS) | {"sync.enrol", "ops.metrics"} == set(BY_CREDENTIAL)


def test_without_its_own_credential_no_client_is_answered(
    app: Flask, world: TwoCountryWorld
) -> None:
    tablet = make_tablet(app, world.accounts["adela"], world.desks["HND-01"])
    sessions = [world[name].client for name in ("ana", "susana", "adela")]
    before = everything_stored()
    wrong = (
        "",
        "Device",
        "Device x",
        f"Bearer {tablet.enrolment['credential']}",
        "Device \u00e9\u4e00",
    )
    for endpoint in PATHS:
        for client in (None, *sessions):
            for credential in wrong:
                headers = (
                    {"Authorization": credential} if credential and credential.isascii() else {}
                )
                answer = send_request(app, endpoint, headers, client)
                assert answer.status_code == 401, (endpoint, credential)
                assert answer.get_json()["device"] == "unknown"
    assert everything_stored() == before


def test_with_its_credential_the_tablet_is_answered_and_no_token_is_needed(
    app: Flask, world: TwoCountryWorld
) -> None:
    tablet: Tablet = make_tablet(app, world.accounts["adela"], world.desks["HND-01"])
    headers = {"Authorization": f"Device {tablet.enrolment['credential']}"}
    answers = {name: send_request(app, name, headers).status_code for name in PATHS}
    assert answers == {**dict.fromkeys(PATHS, 200), "sync.take_over": 401}


def test_a_tablets_credential_opens_no_page_of_people(app: Flask, world: TwoCountryWorld) -> None:
    tablet = make_tablet(app, world.accounts["adela"], world.desks["HND-01"])
    headers = {**JSON, "Authorization": f"Device {tablet.enrolment['credential']}"}
    for path in ("/today", "/sync/me", "/quarantine", "/devices", "/counts.json", "/returns"):
        assert in_new_context(app.test_client().get, path, headers=headers).status_code == 401, path
