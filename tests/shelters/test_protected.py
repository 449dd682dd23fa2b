"""The promise of secrecy: of a protected shelter nobody but its own people and the admins learns name or place."""

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
NEEDLES = ("zyxwolf", "qworlander", "vexplimar", "jummelbrook", "13.98", "86.76")
SHOWN = {"meeting_point": "Central park, north gate", "phone": "2999-0000"}
HTML = {"Accept": "text/html"}
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What is hidden is hidden by one function, whatever the database."""


@dataclass
class World:
    """A protected shelter to which groups were sent, and who may not know where it is."""

    app: Flask
    outsiders: dict[str, Browser]
    nora: Browser
    consultation: str
    referrals: dict[str, dict[str, Any]]


@pytest.fixture
def world(app: Flask) -> World:
    """Nora coordinates the protected shelter; one group waits, one is accepted, one was declined."""
    hidden = make_shelter(
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
    make_coordinator("nora", hidden)
    make_coordinator("oscar", other)
    consultation = str(make_consultation(ana)["id"])
    names = ("ana", "susana", "rita", "oscar")
    outsiders = {name: sign_in(app, name) for name in names}
    outsiders["stranger"] = Browser(app.test_client())
    nora = sign_in(app, "nora")
    referrals = dict(_referrals(outsiders["ana"], nora, consultation))
    return World(app, outsiders, nora, consultation, referrals)


def _referrals(ana: Browser, nora: Browser, consultation: str) -> Iterator[tuple[str, dict]]:
    acts: dict[str, list[tuple[str, dict]]] = {
        "offered": [],
        "accepted": [("seen", {}), ("accept", {})],
        "declined": [("decline", {"reason": "no_capacity"})],
    }
    for state, steps in acts.items():
        shelters = [CODE, "HND-S1"] if state == "offered" else [CODE]
        said = referral_json(shelters=shelters, from_consultation=consultation)
        sent = ana.post("/referrals", said)
        assert sent.status_code == 201, sent.data
        for act, more in steps:
            done = nora.post(f"/referrals/{said['id']}/{act}", more)
            assert done.status_code == 200, (act, done.data)
        yield state, sent.get_json()


def paths(world: World, rule: Rule) -> Iterator[tuple[str, str]]:
    """Every address of a route that has to do with the shelter: bare, and with all that could be asked for."""
    for referral in world.referrals.values():
        known = {
            "referral_id": referral["id"],
            "consultation_id": world.consultation,
            "username": "nora",
            "act": "accept",
            "number": "1",
            "device_id": world.consultation,
        }
        path = rule.build({name: known.get(name, CODE) for name in rule.arguments})[1]
        asked = f"country=HND&desk=HND-01&shelter={CODE}&code={referral['code']}"
        more = f"consultation={world.consultation}&to=shelter&after={referral['id']}"
        yield path, f"{path}?{asked}&{more}"
        if "referral_id" not in rule.arguments:
            return


def answers(browser: Browser, bare: str, asked: str) -> Iterator[Any]:
    """What is answered to a program, to who asks for everything, and bare where that is not answered."""
    yield browser.get(bare, headers=JSON)
    page = browser.get(asked, headers=HTML)
    yield page
    if page.status_code != 200:
        yield browser.get(bare, headers=HTML)


def leaks(answer: Any) -> list[str]:
    said = (answer.get_data(as_text=True) if answer.is_json else str(answer.data)).casefold()
    said += str(answer.headers).casefold()
    answer.close()
    return [needle for needle in NEEDLES if needle in said]


def test_nobody_else_finds_a_protected_shelters_name_or_place_at_any_address(world: World) -> None:
    answered = dict.fromkeys(world.outsiders, 0)
    met = dict.fromkeys(world.outsiders, 0)
    for rule in world.app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint == "static":
            continue
        for bare, asked in paths(world, rule):
            for name, browser in world.outsiders.items():
                for answer in answers(browser, bare, asked):
                    assert answer.status_code < 500, (name, bare)
                    answered[name] += answer.status_code == 200
                    met[name] += answer.status_code == 200 and CODE.encode() in answer.data
                    assert leaks(answer) == [], (name, bare)
    assert answered["ana"] > 25 and answered["susana"] > 25, answered
    assert answered["stranger"] > 10 and answered["oscar"] > 10, answered
    assert met["ana"] > 5 and met["susana"] > 5 and met["oscar"] > 1, met


def test_its_own_people_and_the_admin_see_it_so_that_a_leak_would_be_found(world: World) -> None:
    make_account("adela", "admin")
    admin = sign_in(world.app, "adela")

    assert leaks(admin.get(f"/shelters/{CODE}")) == list(NEEDLES)
    assert leaks(world.nora.get("/sync/me")) == ["zyxwolf"]
    named = world.nora.get("/shelters.json").get_json()["shelters"]
    assert {one["code"]: one["name"] for one in named}[CODE] == SECRET["name"]


def test_no_refusal_and_no_answer_to_a_change_says_it(world: World) -> None:
    waiting = world.referrals["offered"]["id"]
    man = [{"sex": "male", "age_band": "age_25_59", "n": 99}]
    for name, browser in world.outsiders.items():
        for path, sent in (
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
            answer = browser.post(path, sent)
            assert 400 <= answer.status_code < 500, (name, path)
            assert leaks(answer) == [], (name, path)
    ana = world.outsiders["ana"]
    form = {"desk": "HND-01", "persons-female-age_25_59": "1", "consent": "1", "service": "shelter"}
    for path in ("/referrals/new", "/referrals"):
        drawn = ana.post_form(path, {**form, "id": str(uuid4()), "shelters": CODE})
        assert drawn.status_code < 500 and leaks(drawn) == [], path
    assert leaks(ana.post(f"/referrals/{waiting}/cancel", {})) == []


def test_a_desk_learns_how_to_reach_it_and_nothing_else(world: World) -> None:
    shelter = find_shelter(db.session(), CODE)
    assert shelter is not None
    db.session.rollback()

    seen = public_view(shelter)

    assert (seen.meeting_point, seen.phone) == (SHOWN["meeting_point"], SHOWN["phone"])
    assert (seen.name, seen.location) == (None, None)
    hidden = (seen.type, seen.organisation, seen.adm1, seen.address, seen.directions)
    assert set(hidden) == {""} and seen.is_protected
    slip = f"/referrals/{world.referrals['accepted']['id']}/slip"
    assert SHOWN["meeting_point"] in world.outsiders["ana"].get(slip).text
    card = world.outsiders["stranger"].get(f"/v/{world.referrals['accepted']['id']}").text
    assert SHOWN["phone"] in card
