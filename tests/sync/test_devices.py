"""Tablets are added, enrolled, moved and revoked by the administration; supervisors read what waits on their own."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.db.session import db, unit_of_work
from app.sync.models import Device
from app.sync.rules import devices as rules
from tests.factories.records import in_new_context
from tests.factories.two_country_world import TwoCountryWorld
from tests.sync.tablet import Tablet, enrol, make_tablet


@pytest.fixture
def tablet(app: Flask, world: TwoCountryWorld) -> Tablet:
    return make_tablet(app, world.accounts["adela"], world.desks["HND-01"])


def set_last_contact(tablet: Tablet, hours: int) -> None:
    """Set a tablet's last contact to `hours` ago."""
    contact_at = clock.now() - timedelta(hours=hours)
    statement = update(Device).where(Device.id == UUID(tablet.enrolment["device"]))
    with unit_of_work():
        db.session.execute(statement.values(last_contact_at=contact_at))


def card_of(page: str, device: str) -> str:
    """Return the part of the page that is about one tablet."""
    match = re.search(rf'<article [^>]*data-device="{device}".*?</article>', page, re.S)
    assert match, device
    return match[0]


def test_an_added_tablet_is_enrolled_by_its_code_once(app: Flask, world: TwoCountryWorld) -> None:
    answer = world["adela"].post("/devices", {"desk": "HND-01", "name": "Tablet 7"})

    added = answer.get_json()
    assert answer.status_code == 201 and added.keys() == {"device", "code", "expires_at"}
    enrolment = enrol(app, added["code"], "HND-01").enrolment
    assert enrolment["device"] == added["device"] and enrolment["lists"]["desk"]["code"] == "HND-01"
    second = in_new_context(app.test_client().post, "/sync/enrol", json={"code": added["code"]})
    assert second.status_code == 401


def test_a_program_may_leave_the_name_to_the_desk(app: Flask, world: TwoCountryWorld) -> None:
    for _ in range(2):
        assert world["adela"].post("/devices", {"desk": "HND-01"}).status_code == 201
    names = db.session.execute(select(Device.name).order_by(Device.name)).scalars().all()
    db.session.rollback()
    assert names == ["T1", "T2"]


def test_the_page_shows_the_code_in_groups_and_the_same_as_a_qr(
    app: Flask, world: TwoCountryWorld
) -> None:
    answer = world["adela"].post_form("/devices", {"desk": "HND-01", "name": "Tablet 7"})

    code = re.search(r'id="code">([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})<', answer.text)
    assert answer.status_code == 200 and code and "<path d=" in answer.text
    assert enrol(app, code[1].lower(), "HND-01").enrolment["credential"]


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"desk": "HND-99", "name": "Tablet 7"}, "desk", "unknown_code"),
        ({"desk": "HND-01", "name": ""}, "name", "required"),
        ({"desk": "HND-01", "name": "x" * 40}, "name", "too_long"),
        ({"desk": "HND-01", "name": "9912-3456"}, "name", "identifier"),
        ({"desk": "HND-01", "name": 7}, "name", "required"),
        ({"desk": ["HND-01"], "name": "Tablet 7"}, "desk", "required"),
        ({"desk": "HND-01", "name": "Tablet 7", "owner": "x"}, "owner", "unknown_field"),
    ],
)
def test_problems_of_a_new_tablet_are_reported_and_nothing_is_added(
    world: TwoCountryWorld, fields: dict[str, Any], field: str, code: str
) -> None:
    answer = world["adela"].post("/devices", fields)

    problems = [(problem["field"], problem["code"]) for problem in answer.get_json()["problems"]]
    assert answer.status_code == 422 and problems == [(field, code)]
    assert "data-device" not in world["adela"].get("/devices").text


def test_a_silent_tablet_with_records_stands_first_and_says_what_waits(
    app: Flask, world: TwoCountryWorld, tablet: Tablet
) -> None:
    other = make_tablet(app, world.accounts["adela"], world.desks["HND-02"], "Tablet 2")
    tablet.result(tablet.consultation("ana"))
    tablet.contact(saved=2, waiting=1, oldest_at="2026-01-05T10:00:00Z", persisted=False)
    other.contact(saved=5, waiting=3, version="old", persisted=True)
    set_last_contact(other, 25)

    page = world["susana"].get("/devices").text

    assert page.index(other.enrolment["device"]) < page.index(tablet.enrolment["device"])
    late, quiet = (
        card_of(page, other.enrolment["device"]),
        card_of(page, tablet.enrolment["device"]),
    )
    assert "silent" in late and "silent" not in quiet
    assert "2 " in late and "5 ene 2026" in quiet
    assert 'name="desk"' not in page


def test_missing_are_records_that_neither_wait_nor_arrived() -> None:
    assert rules.count_missing(saved=5, waiting=3, arrived=0) == 2
    assert rules.count_missing(saved=5, waiting=3, arrived=2) == 0
    assert rules.count_missing(saved=1, waiting=0, arrived=4) == 0


def test_supervisors_see_their_own_countries_tablets_and_change_none(
    app: Flask, world: TwoCountryWorld, tablet: Tablet
) -> None:
    device = tablet.enrolment["device"]
    assert device in world["susana"].get("/devices").text
    assert device not in world["gabi"].get("/devices").text
    assert device in world["adela"].get("/devices").text
    for path in ("", f"/{device}/again", f"/{device}/revoke", f"/{device}/move"):
        assert world["susana"].post(f"/devices{path}", {}).status_code == 403
    for name in ("ana", "rita"):
        assert world[name].get("/devices").status_code == 403


def test_a_revoked_tablet_sends_nothing_until_a_new_code_enrols_it(
    app: Flask, world: TwoCountryWorld, tablet: Tablet
) -> None:
    device = tablet.enrolment["device"]
    envelope = tablet.seal(tablet.consultation("ana"))
    tablet.contact(saved=1, waiting=1)
    assert world["adela"].post(f"/devices/{device}/revoke", {}).status_code == 200
    refused = tablet.post("/sync/envelopes", {"envelopes": [envelope]})
    assert refused.status_code == 401 and refused.get_json()["device"] == "revoked"

    code = world["adela"].post(f"/devices/{device}/again", {}).get_json()["code"]
    enrolled = enrol(app, code, "HND-01")

    assert enrolled.enrolment["device"] == device
    assert enrolled.send(envelope)[0]["result"] == "created"
    shown = card_of(world["susana"].get("/devices").text, device)
    assert shown.count("▲") >= 1 and "revoked" not in shown


def test_a_moved_tablet_belongs_to_the_other_desk(world: TwoCountryWorld, tablet: Tablet) -> None:
    device = tablet.enrolment["device"]
    moved = world["adela"].post(f"/devices/{device}/move", {"desk": "HND-02"})
    assert moved.status_code == 200 and tablet.contact()["desk"] == "HND-02"
    refused = world["adela"].post(f"/devices/{device}/move", {"desk": "HND-99"})
    assert refused.status_code == 422 and tablet.contact()["desk"] == "HND-02"
    nowhere = world["adela"].post(f"/devices/{uuid4()}/move", {"desk": "HND-02"})
    assert nowhere.status_code == 404


def test_figures_say_how_many_records_wait_on_their_desks_tablets(
    app: Flask, world: TwoCountryWorld, tablet: Tablet
) -> None:
    adela = world.accounts["adela"]
    near = make_tablet(app, adela, world.desks["HND-02"], "Tablet 2")
    far = make_tablet(app, adela, world.desks["GTM-01"], "Tablet 3")
    stolen = make_tablet(app, adela, world.desks["HND-01"], "Tablet 4")
    for each, waiting in ((tablet, 1), (near, 20), (far, 300), (stolen, 4000)):
        each.contact(saved=waiting, waiting=waiting)
    world["adela"].post(f"/devices/{stolen.enrolment['device']}/revoke", {})

    def waiting(name: str, address: str) -> int:
        figures = world[name].get_json(f"/counts.json{address}").get_json()
        return int(figures["completeness"]["waiting_on_tablets"])

    assert waiting("ana", "") == 1
    assert waiting("susana", "?country=HND") == 21
    assert waiting("susana", "?country=HND&desk=HND-02") == 20
    assert waiting("rita", "?country=GTM") == 300
    assert waiting("rita", "") == 321
    assert ">21 " in re.sub(r"\s+", " ", world["susana"].get("/counts?country=HND").text)


def test_the_page_that_enrols_is_open_to_everybody_and_holds_no_code(app: Flask) -> None:
    answer = in_new_context(app.test_client().get, "/enrol")
    assert answer.status_code == 200 and "tablet/enrol.js" in answer.text
    assert 'name="code"' in answer.text and "csrf" not in answer.text.partition("<main")[2]
