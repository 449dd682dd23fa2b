"""A shelter updates its beds: what is promised to programs, what is refused, what each day's census keeps."""

import pytest
from flask import Flask
from sqlalchemy import select
from time_machine import travel

from app import clock
from app.db.session import db
from app.shelters.models import BedCensus, BedChange
from app.shelters.queries.beds import list_beds
from tests.factories.records import Browser, at, make_account, make_desk, sign_in
from tests.factories.shelters import make_coordinator, make_shelter

pytestmark = pytest.mark.both_databases

PATH = "/shelters/HND-S1/beds"
sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is refused before any database is asked."""
NUMBERS = ("capacity", "blocked", "occupied")


@pytest.fixture
def cora(app: Flask) -> Browser:
    make_coordinator("cora", make_shelter(beds={"women": 5, "men": 2}))
    browser = sign_in(app, "cora")
    browser.client.set_cookie("locale", "en")
    return browser


def bed_fields(**fields) -> dict:
    return {"category": "women", "confirmed": True, **fields}


def beds(category: str = "women"):
    listed = list_beds(db.session(), [1])
    db.session.rollback()
    return next(each for each in listed[1] if each.category == category)


def problems_of(answer) -> list[tuple[str, str]]:
    return [(problem["field"], problem["code"]) for problem in answer.get_json()["problems"]]


def test_free_beds_are_shown_as_promised(app: Flask, cora: Browser) -> None:
    make_shelter("X7K3M9Q4", is_protected=True, is_accepting=False, name="Casa Oculta")
    make_account("ana", "desk_staff", (make_desk(),))
    cora.post(PATH, bed_fields(occupied=3, blocked=1))

    for browser in (sign_in(app, "ana"), cora):
        shelter, protected = browser.get("/shelters.json?country=HND").get_json()["shelters"]
        assert (
            shelter.keys() == protected.keys() == {"code", "name", "protected", "accepting", "beds"}
        )
        assert (shelter["code"], shelter["name"]) == ("HND-S1", "Casa San José")
        assert (shelter["protected"], shelter["accepting"]) == (False, True)
        assert (protected["name"], protected["protected"], protected["accepting"]) == (
            None,
            True,
            False,
        )
        women = next(beds for beds in shelter["beds"] if beds["category"] == "women")
        confirmed_at = women.pop("confirmed_at")
        assert women == {
            "category": "women",
            "capacity": 5,
            "blocked": 1,
            "occupied": 3,
            "held": 0,
            "free": 1,
        }
        assert at(confirmed_at[:16].replace("T", " ")) <= clock.now() and confirmed_at[-1] == "Z"
        for country in ("GTM", "ZZZ", "%00"):
            assert browser.get(f"/shelters.json?country={country}").status_code == 404


def test_what_is_left_out_stays_and_a_tap_adds(cora: Browser) -> None:
    assert cora.post(PATH, bed_fields(occupied=2)).get_json()["free"] == 3
    assert cora.post(PATH, bed_fields(occupied_by=1)).get_json()["occupied"] == 3
    assert cora.post(PATH, bed_fields(occupied_by=-1, blocked=1)).get_json()["free"] == 2
    assert (
        cora.post_form(PATH, {**bed_fields(occupied_by="1"), "confirmed": "1"}).status_code == 302
    )
    assert (beds().occupied, beds().blocked, beds().capacity) == (3, 1, 5)
    assert (beds("men").occupied, beds("men").capacity) == (0, 2)


def test_fewer_places_than_people_need_a_reason_and_show_as_over_100_percent(
    cora: Browser,
) -> None:
    cora.post(PATH, bed_fields(occupied=4))
    for lower in ({"capacity": 3}, {"blocked": 2}, {"occupied": 6}, {"occupied_by": 2}):
        refused = cora.post(PATH, bed_fields(**lower))
        assert (refused.status_code, problems_of(refused)) == (
            422,
            [("reason", "needs_bed_reason")],
        )
        assert (beds().capacity, beds().occupied, beds().reason) == (5, 4, "")
    assert problems_of(cora.post(PATH, bed_fields(capacity=3, reason="whim"))) == [
        ("reason", "unknown_code")
    ]

    accepted = cora.post(PATH, bed_fields(capacity=3, reason="emergency"))

    assert accepted.get_json()["free"] == -1
    assert (beds().percent, beds().reason) == (133, "emergency")
    assert cora.get("/shelters.json").get_json()["shelters"][0]["beds"][1]["free"] == -1
    improved = cora.post(PATH, bed_fields(occupied=3))
    assert improved.get_json()["free"] == 0 and beds().reason == ""


WRONG = (-1, 10_000, 10**30, "-1", "10000", "1e3", "٣", "many", 1.5, True, [1], {"n": 1})


@sqlite_only
def test_a_wrong_number_is_one_sentence_at_its_field(cora: Browser) -> None:
    before = beds()
    for name in NUMBERS:
        for value in WRONG:
            answer = cora.post(PATH, bed_fields(**{name: value}))
            assert (answer.status_code, problems_of(answer)) == (
                422,
                [(name, "not_a_bed_number")],
            ), (
                name,
                value,
            )
    for value in (-100, 10**30, "x"):
        assert problems_of(cora.post(PATH, bed_fields(occupied_by=value))) == [
            ("occupied_by", "not_a_bed_number")
        ]
    for strange, problem in (
        (bed_fields(occupied_by=-1), ("occupied", "not_a_bed_number")),
        (bed_fields(category="dogs"), ("category", "unknown_code")),
        (bed_fields(category="families"), ("category", "no_such_category")),
        (bed_fields(category=["women"]), ("category", "unknown_code")),
        ({"confirmed": True}, ("category", "required")),
        ({"category": "women"}, ("confirmed", "required")),
        (bed_fields(confirmed=False), ("confirmed", "required")),
        (bed_fields(name="Maria"), ("name", "unknown_field")),
    ):
        answer = cora.post(PATH, strange)
        assert (answer.status_code, problems_of(answer)) == (422, [problem]), strange
    page = cora.post_form(PATH, {**bed_fields(capacity="-1"), "confirmed": "1"})
    assert page.status_code == 422 and "Between 0 and 9,999." in page.text
    assert cora.post(PATH, ["women"]).status_code == 400
    assert beds() == before


@sqlite_only
def test_only_its_own_coordinators_touch_the_beds_of_a_shelter(app: Flask, cora: Browser) -> None:
    make_shelter("HND-S2")
    make_coordinator("new")
    make_account("ana", "desk_staff", (make_desk(),))
    new, ana = sign_in(app, "new"), sign_in(app, "ana")

    for action in ("beds", "confirm", "accepting"):
        fields = bed_fields(occupied=1) if action == "beds" else {"accepting": False}
        for browser, code, status in (
            (cora, "HND-S2", 404),
            (cora, "HND-S9", 404),
            (new, "HND-S1", 404),
            (ana, "HND-S1", 403),
        ):
            answer = browser.post(f"/shelters/{code}/{action}", fields)
            assert answer.status_code == status, (action, code)
    assert beds().occupied == 0
    assert new.get("/sync/me").get_json()["shelters"] == []
    assert new.get("/shelters.json").status_code == 404
    assert new.get("/referrals/inbox").status_code == 200


def test_a_confirmed_count_is_as_fresh_as_the_tap(app: Flask, cora: Browser) -> None:
    evening = at("2026-03-14 20:00")
    with travel(evening, tick=False):
        browser = sign_in(app, "cora")
        assert browser.post("/shelters/HND-S1/confirm").status_code == 200
        assert {beds().confirmed_at, beds("men").confirmed_at} == {evening}
    with travel(at("2026-03-14 20:30"), tick=False):
        assert browser.post(PATH, bed_fields(occupied=1)).status_code == 200
    assert beds().confirmed_at == at("2026-03-14 20:30")
    assert beds("men").confirmed_at == evening


def test_each_day_of_the_shelters_own_clock_has_one_row_of_the_census(app: Flask) -> None:
    with travel(at("2026-03-14 18:00"), tick=False):
        west = make_shelter()
        east = make_shelter("DOM-S1", country="DOM", time_zone="America/Santo_Domingo")
        make_coordinator("cora", west, east)
    for moment, occupied in (("14 19:00", 1), ("15 04:30", 2), ("15 06:30", 3)):
        with travel(at(f"2026-03-{moment}"), tick=False):
            browser = sign_in(app, "cora")
            for code in ("HND-S1", "DOM-S1"):
                answer = browser.post(f"/shelters/{code}/beds", bed_fields(occupied=occupied))
                assert answer.status_code == 200

    census = BedCensus.__table__
    rows = db.session.execute(select(census).order_by(census.c.shelter_id, census.c.day))
    counted = [(row.shelter_id, row.day.isoformat(), row.occupied) for row in rows]
    assert counted == [
        (west.id, "2026-03-14", 2),
        (west.id, "2026-03-15", 3),
        (east.id, "2026-03-14", 1),
        (east.id, "2026-03-15", 3),
    ]
    changes = db.session.query(BedChange).filter_by(shelter_id=west.id).order_by(BedChange.id)
    assert [change.occupied for change in changes] == [0, 1, 2, 3]
