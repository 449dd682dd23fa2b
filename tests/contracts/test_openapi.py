"""Generated requests get only answers that the description of the API names, and its page says the same."""

from typing import Any

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.web.openapi.document import Endpoint, list_endpoints, openapi_document
from app.web.openapi.markdown import markdown
from tests.contracts.names import ROOT
from tests.factories.records import JSON, in_new_context, sign_in
from tests.factories.shelters import make_shelter
from tests.factories.two_country_world import TwoCountryWorld
from tests.server import ROUNDS
from tests.sync.tablet import make_tablet

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ROLES = ("ana", "susana", "cora", "rita", "adela")
"""An account of each role; the first that has an address's permission sends the generated requests."""
EXISTING = {"desk": "HND-01", "shelters": ["HND-S1"], "code": "HND-S1", "country": "HND"}
"""Values that exist; every second request has them, so that it is refused by rules instead of by its first field."""
GENERATION = settings(
    max_examples=12 * ROUNDS,
    deadline=None,
    database=None,
    derandomize=ROUNDS == 1,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def _client(
    world: TwoCountryWorld, endpoint: Endpoint, credential: str
) -> dict[str, dict[str, str]]:
    """Return headers and cookies of a client that may use the address."""
    headers = {**JSON, "Accept-Encoding": "identity"}
    if endpoint.permission == "enrolled_device":
        return {"headers": {**headers, "Authorization": f"Device {credential}"}}
    may = [name for name in ROLES if world.accounts[name].may(endpoint.permission)]
    browser = sign_in(world.app, (may or ["ana"])[0])
    token, name = browser.token(), world.app.config["SESSION_COOKIE_NAME"]
    cookie = browser.client.get_cookie(name)
    assert cookie is not None
    return {"headers": {**headers, "X-CSRFToken": token}, "cookies": {name: cookie.value}}


def _with_existing_values(case: Any) -> None:
    for part in (case.body, case.path_parameters, case.query):
        if isinstance(part, dict):
            part.update({name: value for name, value in EXISTING.items() if name in part})


def _send(schema: Any, endpoint: Endpoint, client: dict[str, dict[str, str]]) -> set[int]:
    """Send generated requests to an address, compare each answer with the description, return their statuses."""
    statuses = set[int]()

    @GENERATION
    @given(schema[endpoint.path][endpoint.method].as_strategy(), st.booleans())
    def send(case: Any, has_existing_values: bool) -> None:
        if has_existing_values:
            _with_existing_values(case)
        answer = in_new_context(case.call, **client)
        case.validate_response(answer, checks=CHECKS)
        statuses.add(answer.status_code)

    send()
    return statuses


def test_generated_requests_get_the_answers_that_are_described(world: TwoCountryWorld) -> None:
    make_shelter(beds={"women": 30})
    tablet = make_tablet(world.app, world.accounts["adela"], world.desks["HND-01"])
    schema = schemathesis.openapi.from_dict(openapi_document(world.app))
    schema.app = world.app
    for endpoint in list_endpoints(world.app):
        client = _client(world, endpoint, str(tablet.enrolment["credential"]))
        statuses = _send(schema, endpoint, client)
        print(endpoint.method, endpoint.path, sorted(statuses))


PROMISED = """
GET /sync/token, POST /sign-in, GET /sync/me,
POST /consultations, GET /consultations/{consultation_id}, POST /consultations/{consultation_id}/correct,
POST /consultations/{consultation_id}/void, POST /cards, POST /cards/replace,
POST /devices, POST /sync/enrol, POST /sync/envelopes, GET /counts.json,
GET /shelters.json, POST /shelters/{code}/beds, POST /referrals, GET /referrals/{referral_id}, GET /referrals/inbox,
POST /returns, GET /returns/{reference}, POST /returns/{reference}/withdraw, POST /returns/{reference}/close,
GET /openapi.json, GET /healthz, GET /readyz
"""
"""What other programs rely on; a new promise is added here."""
ACTIONS = [
    "seen",
    "accept",
    "decline",
    "waitlist",
    "request-info",
    "answer-info",
    "arrive",
    "no-show",
    "complete",
    "cancel",
]


def test_every_promised_address_is_described(app: Flask) -> None:
    described = {f"{endpoint.method} {endpoint.path}" for endpoint in list_endpoints(app)}
    promised = {address.strip() for address in PROMISED.replace("\n", ",").split(",")} - {""}
    promised |= {f"POST /referrals/{{referral_id}}/{action}" for action in ACTIONS}
    assert promised <= described


def test_the_page_says_what_the_description_says(app: Flask) -> None:
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    assert page == markdown(openapi_document(app)), "run `make api`"


def test_the_description_is_served(world: TwoCountryWorld) -> None:
    answer = world["ana"].get_json("/openapi.json")
    assert answer.get_json() == openapi_document(world.app)
    assert answer.get_json()["openapi"] == "3.1.0"
