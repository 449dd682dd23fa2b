"""A shelter says its beds: what is promised to programs, what is refused, what is remembered of each day."""

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

AT = "/shelters/HND-S1/beds"
once = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is refused before any database is asked."""
NUMBERS = ("capacity", "blocked", "occupied")


@pytest.fixture
def cora(app: Flask) -> Browser:
    make_coordinator("cora", make_shelter(beds={"women": 5, "men": 2}))
    browser = sign_in(app, "cora")
    browser.client.set_cookie("locale", "en")
    return browser


def said(**fields) -> dict:
    return {"category": "women", "confirmed": True, **fields}


def beds(category: str = "women"):
    listed = list_beds(db.session(), [1])
    db.session.rollback()
    return next(one for one in listed[1] if one.category == category)


def told(answer) -> list[tuple[str, str]]:
    return [(one["field"], one["code"]) for one in answer.get_json()["problems"]]


def test_free_beds_are_told_as_promised(app: Flask, cora: Browser) -> None:
    make_shelter("X7K3M9Q4", is_protected=True, is_accepting=False, name="Casa Oculta")
    make_account("ana", "desk_staff", (make_desk(),))
    cora.post(AT, said(occupied=3, blocked=1))

    for browser in (sign_in(app, "ana"), cora):
        one, hidden = browser.get("/shelters.json?country=HND").get_json()["shelters"]
        assert one.keys() == hidden.keys() == {"code", "name", "protected", "accepting", "beds"}
        assert (one["code"], one["name"]) == ("HND-S1", "Casa San José")
        assert (one["protected"], one["accepting"]) == (False, True)
        assert (hidden["name"], hidden["protected"], hidden["accepting"]) == (None, True, False)
        women = next(beds for beds in one["beds"] if beds["category"] == "women")
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
    assert cora.post(AT, said(occupied=2)).get_json()["free"] == 3
    assert cora.post(AT, said(occupied_by=1)).get_json()["occupied"] == 3
    assert cora.post(AT, said(occupied_by=-1, blocked=1)).get_json()["free"] == 2
    assert cora.post_form(AT, {**said(occupied_by="1"), "confirmed": "1"}).status_code == 302
    assert (beds().occupied, beds().blocked, beds().capacity) == (3, 1, 5)
    assert (beds("men").occupied, beds("men").capacity) == (0, 2)


def test_fewer_places_than_people_need_a_reason_and_show_as_over_100_percent(
    cora: Browser,
) -> None:
    cora.post(AT, said(occupied=4))
    for lower in ({"capacity": 3}, {"blocked": 2}, {"occupied": 6}, {"occupied_by": 2}):
        refused = cora.post(AT, said(**lower))
        assert (refused.status_code, told(refused)) == (422, [("reason", "needs_bed_reason")])
        assert (beds().capacity, beds().occupied, beds().reason) == (5, 4, "")
    assert told(cora.post(AT, said(capacity=3, reason="whim"))) == [("reason", "unknown_code")]

    taken = cora.post(AT, said(capacity=3, reason="emergency"))

    assert taken.get_json()["free"] == -1
    assert (beds().percent, beds().reason) == (133, "emergency")
    assert cora.get("/shelters.json").get_json()["shelters"][0]["beds"][1]["free"] == -1
    better = cora.post(AT, said(occupied=3))
    assert better.get_json()["free"] == 0 and beds().reason == ""


WRONG = (-1, 10_000, 10**30, "-1", "10000", "1e3", "٣", "many", 1.5, True, [1], {"n": 1})


@once
def test_a_wrong_number_is_one_sentence_at_its_field(cora: Browser) -> None:
    before = beds()
    for name in NUMBERS:
        for value in WRONG:
            answer = cora.post(AT, said(**{name: value}))
            assert (answer.status_code, told(answer)) == (422, [(name, "not_a_bed_number")]), (
                name,
                value,
            )
    for value in (-100, 10**30, "x"):
        assert told(cora.post(AT, said(occupied_by=value))) == [("occupied_by", "not_a_bed_number")]
    for strange, problem in (
        (said(occupied_by=-1), ("occupied", "not_a_bed_number")),
        (said(category="dogs"), ("category", "unknown_code")),
        (said(category="families"), ("category", "no_such_category")),
        (said(category=["women"]), ("category", "unknown_code")),
        ({"confirmed": True}, ("category", "required")),
        ({"category": "women"}, ("confirmed", "required")),
        (said(confirmed=False), ("confirmed", "required")),
        (said(name="Maria"), ("name", "unknown_field")),
    ):
        answer = cora.post(AT, strange)
        assert (answer.status_code, told(answer)) == (422, [problem]), strange
    page = cora.post_form(AT, {**said(capacity="-1"), "confirmed": "1"})
    assert page.status_code == 422 and "Between 0 and 9,999." in page.text
    assert cora.post(AT, ["women"]).status_code == 400
    assert beds() == before


@once
def test_only_its_own_coordinators_touch_the_beds_of_a_shelter(app: Flask, cora: Browser) -> None:
    make_shelter("HND-S2")
    make_coordinator("new")
    make_account("ana", "desk_staff", (make_desk(),))
    new, ana = sign_in(app, "new"), sign_in(app, "ana")

    for act in ("beds", "confirm", "accepting"):
        sent = said(occupied=1) if act == "beds" else {"accepting": False}
        for browser, code, status in (
            (cora, "HND-S2", 404),
            (cora, "HND-S9", 404),
            (new, "HND-S1", 404),
            (ana, "HND-S1", 403),
        ):
            at_it = browser.post(f"/shelters/{code}/{act}", sent)
            assert at_it.status_code == status, (act, code)
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
        assert browser.post(AT, said(occupied=1)).status_code == 200
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
                sent = browser.post(f"/shelters/{code}/beds", said(occupied=occupied))
                assert sent.status_code == 200

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
    assert [one.occupied for one in changes] == [0, 1, 2, 3]
