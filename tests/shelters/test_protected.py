"""The promise of secrecy: only its own people and the admins learn a protected shelter's name or place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.db.session import db
from app.shelters.queries.shelters import find_shelter, public_view
from tests.factories.records import (
    JSON,
    Browser,
    make_account,
    make_consultation,
    make_desk,
    sign_in,
)
from tests.factories.shelters import make_coordinator, make_shelter, referral_json

CODE = "X7K3M9Q4"
SECRET = {
    "name": "Casa Zyxwolf",
    "organisation": "Qworlanders",
    "address": "Calle Vexplimar 77",
    "directions": "Past the Jummelbrook mill",
    "email": "night@zyxwolf.example",
}
SECRET_WORDS = ("zyxwolf", "qworlander", "vexplimar", "jummelbrook", "13.98", "86.76")
SHOWN = {"meeting_point": "Central park, north gate", "phone": "2999-0000"}
HTML = {"Accept": "text/html"}
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What is hidden is hidden by one function, whatever the database."""


@dataclass
class ProtectedShelterWorld:
    """A protected shelter with referrals, and the accounts that may not know its place."""

    app: Flask
    outsiders: dict[str, Browser]
    nora: Browser
    consultation: str
    referrals: dict[str, dict[str, Any]]


@pytest.fixture
def protected_world(app: Flask) -> ProtectedShelterWorld:
    """Create the protected shelter with Nora as its coordinator; one group waits, one is accepted, one declined."""
    protected = make_shelter(
        CODE,
        type="women_refuge",
        is_protected=True,
        latitude=13.987654,
        longitude=-86.765432,
        beds={"women": 9},
        **SECRET,
        **SHOWN,
    )
    other = make_shelter("HND-S1")
    ana = make_account("ana", "desk_staff", (make_desk(latitude=14.07, longitude=-87.19),))
    make_account("susana", "supervisor", countries=("HND",))
    make_account("rita", "regional")
    make_coordinator("nora", protected)
    make_coordinator("oscar", other)
    consultation = str(make_consultation(ana)["id"])
    names = ("ana", "susana", "rita", "oscar")
    outsiders = {name: sign_in(app, name) for name in names}
    outsiders["stranger"] = Browser(app.test_client())
    nora = sign_in(app, "nora")
    referrals = dict(_referrals(outsiders["ana"], nora, consultation))
    return ProtectedShelterWorld(app, outsiders, nora, consultation, referrals)


def _referrals(ana: Browser, nora: Browser, consultation: str) -> Iterator[tuple[str, dict]]:
    steps_by_state: dict[str, list[tuple[str, dict]]] = {
        "offered": [],
        "accepted": [("seen", {}), ("accept", {})],
        "declined": [("decline", {"reason": "no_capacity"})],
    }
    for state, steps in steps_by_state.items():
        shelters = [CODE, "HND-S1"] if state == "offered" else [CODE]
        fields = referral_json(shelters=shelters, from_consultation=consultation)
        answer = ana.post("/referrals", fields)
        assert answer.status_code == 201, answer.data
        for action, action_fields in steps:
            action_answer = nora.post(f"/referrals/{fields['id']}/{action}", action_fields)
            assert action_answer.status_code == 200, (action, action_answer.data)
        yield state, answer.get_json()


def paths(protected_world: ProtectedShelterWorld, rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield every address of a route that concerns the shelter: without and with all query parameters."""
    for referral in protected_world.referrals.values():
        arguments = {
            "referral_id": referral["id"],
            "consultation_id": protected_world.consultation,
            "username": "nora",
            "act": "accept",
            "number": "1",
            "device_id": protected_world.consultation,
        }
        path = rule.build({name: arguments.get(name, CODE) for name in rule.arguments})[1]
        query = f"country=HND&desk=HND-01&shelter={CODE}&code={referral['code']}"
        more_query = (
            f"consultation={protected_world.consultation}&to=shelter&after={referral['id']}"
        )
        yield path, f"{path}?{query}&{more_query}"
        if "referral_id" not in rule.arguments:
            return


def list_answers(browser: Browser, path: str, full_path: str) -> Iterator[Any]:
    """Yield the answers to a program, to all parameters, and without parameters if those are not answered."""
    yield browser.get(path, headers=JSON)
    page = browser.get(full_path, headers=HTML)
    yield page
    if page.status_code != 200:
        yield browser.get(path, headers=HTML)


def find_secrets(answer: Any) -> list[str]:
    text = (answer.get_data(as_text=True) if answer.is_json else str(answer.data)).casefold()
    text += str(answer.headers).casefold()
    answer.close()
    return [word for word in SECRET_WORDS if word in text]


def test_nobody_else_finds_a_protected_shelters_name_or_place_at_any_address(
    protected_world: ProtectedShelterWorld,
) -> None:
    n_answered = dict.fromkeys(protected_world.outsiders, 0)
    n_shown = dict.fromkeys(protected_world.outsiders, 0)
    for rule in protected_world.app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint == "static":
            continue
        for path, full_path in paths(protected_world, rule):
            for name, browser in protected_world.outsiders.items():
                for answer in list_answers(browser, path, full_path):
                    assert answer.status_code < 500, (name, path)
                    n_answered[name] += answer.status_code == 200
                    n_shown[name] += answer.status_code == 200 and CODE.encode() in answer.data
                    assert find_secrets(answer) == [], (name, path)
    assert n_answered["ana"] > 25 and n_answered["susana"] > 25, n_answered
    assert n_answered["stranger"] > 10 and n_answered["oscar"] > 10, n_answered
    assert n_shown["ana"] > 5 and n_shown["susana"] > 5 and n_shown["oscar"] > 1, n_shown


def test_its_own_people_and_the_admin_see_it_so_that_a_leak_would_be_found(
    protected_world: ProtectedShelterWorld,
) -> None:
    make_account("adela", "admin")
    admin = sign_in(protected_world.app, "adela")

    assert find_secrets(admin.get(f"/shelters/{CODE}")) == list(SECRET_WORDS)
    assert find_secrets(protected_world.nora.get("/sync/me")) == ["zyxwolf"]
    shelters = protected_world.nora.get("/shelters.json").get_json()["shelters"]
    assert {shelter["code"]: shelter["name"] for shelter in shelters}[CODE] == SECRET["name"]


def test_no_refusal_and_no_answer_to_a_change_says_it(
    protected_world: ProtectedShelterWorld,
) -> None:
    waiting = protected_world.referrals["offered"]["id"]
    man = [{"sex": "male", "age_band": "age_25_59", "n": 99}]
    for name, browser in protected_world.outsiders.items():
        for path, fields in (
            ("/referrals", referral_json(shelters=[CODE], persons=man)),
            ("/referrals", referral_json(shelters=[CODE], bed_category="men")),
            ("/referrals", referral_json(shelters=[SECRET["name"]])),
            (f"/referrals/{waiting}/fly", {}),
            (f"/referrals/{waiting}/accept", {"shelter": CODE}),
            (f"/referrals/{waiting}/decline", {"shelter": CODE, "reason": "x"}),
            (f"/referrals/{waiting}/arrive", {}),
            (f"/referrals/{uuid4()}/cancel", {}),
            (f"/shelters/{CODE}/beds", {"category": "women", "capacity": 1, "confirmed": True}),
            (f"/shelters/{CODE}/confirm", {}),
            (f"/shelters/{CODE}/accepting", {"accepting": False}),
            (f"/shelters/{CODE}", {}),
        ):
            answer = browser.post(path, fields)
            assert 400 <= answer.status_code < 500, (name, path)
            assert find_secrets(answer) == [], (name, path)
    ana = protected_world.outsiders["ana"]
    form = {"desk": "HND-01", "persons-female-age_25_59": "1", "consent": "1", "service": "shelter"}
    for path in ("/referrals/new", "/referrals"):
        page = ana.post_form(path, {**form, "id": str(uuid4()), "shelters": CODE})
        assert page.status_code < 500 and find_secrets(page) == [], path
    assert find_secrets(ana.post(f"/referrals/{waiting}/cancel", {})) == []


def test_a_desk_learns_how_to_reach_it_and_nothing_else(
    protected_world: ProtectedShelterWorld,
) -> None:
    shelter = find_shelter(db.session(), CODE)
    assert shelter is not None
    db.session.rollback()

    view = public_view(shelter)

    assert (view.meeting_point, view.phone) == (SHOWN["meeting_point"], SHOWN["phone"])
    assert (view.name, view.location) == (None, None)
    hidden = (view.type, view.organisation, view.adm1, view.address, view.directions)
    assert set(hidden) == {""} and view.is_protected
    slip = f"/referrals/{protected_world.referrals['accepted']['id']}/slip"
    assert SHOWN["meeting_point"] in protected_world.outsiders["ana"].get(slip).text
    card = (
        protected_world.outsiders["stranger"]
        .get(f"/v/{protected_world.referrals['accepted']['id']}")
        .text
    )
    assert SHOWN["phone"] in card
