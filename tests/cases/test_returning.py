"""Opening a return request by its page: from a consultation or without, refusals, and the pages that offer it."""

import re
from datetime import date
from html import unescape
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.db.session import db
from tests.factories.records import (
    PASSWORD,
    Browser,
    consultation_json,
    make_account,
    make_desk,
    sign_in,
)

ENGLISH = {"headers": {"Accept-Language": "en"}}
sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""The text of a page is the same on both databases."""
WOMAN = {"sex": "female", "age_band": "age_25_59", "n": 1}
BOY = {"sex": "male", "age_band": "age_12_17", "n": 1}


def form_fields(**fields):
    """Return the form fields of a request of one Nicaraguan woman at HND-01."""
    defaults = {
        "id": str(uuid4()),
        "desk": "HND-01",
        "from_consultation": "",
        "nationality": ["NIC", ""],
        "country_of_departure": "HND",
        "country_of_return": "",
        "persons-female-age_25_59": "1",
        "persons-male-age_25_59": "",
    }
    return {name: value for name, value in {**defaults, **fields}.items() if value is not None}


def record_consultation(world, username="ana", **fields):
    """Record a consultation of a Nicaraguan woman about returning; return its id."""
    [group] = consultation_json()["groups"]
    groups = [{**group, "nationality": "NIC", "persons": fields.pop("persons", [WOMAN])}]
    content = consultation_json(**{"groups": groups, "topics": ["voluntary_return"], **fields})
    assert world[username].post("/consultations", content).status_code == 201
    return content["id"]


def list_stored():
    """Return each request: nationality, from, to, people, child alone, and whether it has a consultation."""
    statement = text(
        "SELECT nationality, country_of_departure, country_of_return, person_count, is_child_alone,"
        " consultation_id IS NOT NULL FROM return_request ORDER BY opened_at"
    )
    rows = [tuple(row) for row in db.session.execute(statement)]
    db.session.rollback()
    return [(*row[:4], bool(row[4]), bool(row[5])) for row in rows]


def marked_fields(answer):
    """Return the fields of a page that show a problem."""
    places = re.findall(r'id="p-([\w]+)" role="alert"( hidden)?>', answer.text)
    return {field for field, hidden in places if not hidden}


def read_form(answer):
    """Return the values that the page shows: countries, nationality, the tick, people."""
    page = answer.text
    names = ("country_of_departure", "country_of_return")
    lists = [re.search(rf'name="{name}"[^>]*>(.*?)</select>', page, re.S)[1] for name in names]
    countries = {
        name: "".join(re.findall(r'value="(\w+)" selected', options))
        for name, options in zip(names, lists, strict=True)
    }
    nationality = re.findall(r'name="nationality" value="(\w+)" checked', page)
    people = dict(re.findall(r'name="persons-([\w-]+)" value="(\d+)"', page))
    child_alone = bool(re.search(r'name="child_alone" value="1" checked', page))
    return {**countries, "nationality": nationality, "people": people, "alone": child_alone}


def test_a_request_is_opened_by_its_page_and_a_double_tap_opens_one(world):
    fields = form_fields()
    first = world["ana"].post_form("/returns", fields)
    repeated = world["ana"].post_form("/returns", fields)
    assert (first.status_code, repeated.status_code) == (302, 302)
    assert first.location == repeated.location
    assert re.fullmatch(r"/returns/R-\w{5}", first.location)
    assert list_stored() == [("NIC", "HND", "NIC", 1, False, False)]
    assert world["ana"].get(first.location).status_code == 200

    conflicting = world["ana"].post_form("/returns", {**fields, "country_of_return": "CRI"})
    assert conflicting.status_code == 409 and len(list_stored()) == 1
    foreign = world["guille"].post_form("/returns", {**fields, "desk": "GTM-01"})
    assert foreign.status_code == 409 and first.location[-5:] not in foreign.text
    assert len(list_stored()) == 1


REFUSED = [
    ({"persons-female-age_25_59": ""}, {"persons"}),
    ({"persons-female-age_25_59": "0"}, {"persons"}),
    ({"persons-female-age_25_59": "100"}, {"persons"}),
    ({"persons-female-age_25_59": "60", "persons-male-unknown": "40"}, {"persons"}),
    ({"persons-female-age_25_59": "99999999999999"}, {"persons"}),
    ({"persons-female-age_25_59": "-1"}, {"persons"}),
    ({"persons-female-age_25_59": "one"}, {"persons"}),
    ({"persons-female-age_99": "1"}, {"persons"}),
    ({"nationality": ["", ""]}, {"nationality"}),
    ({"nationality": "NICARAGUA" * 400}, {"nationality"}),
    ({"nationality": "XXA"}, {"country_of_return"}),
    ({"nationality": "HND"}, {"country_of_return"}),
    ({"country_of_return": "HND"}, {"country_of_return"}),
    ({"country_of_return": "ZZZ"}, {"country_of_return"}),
    ({"country_of_departure": ""}, {"country_of_departure"}),
    ({"country_of_departure": "NIC"}, {"country_of_return"}),
    ({"desk": "GTM-01"}, {"desk"}),
    ({"desk": "HND-02"}, {"desk"}),
    ({"desk": "x" * 5000}, {"desk"}),
    ({"id": "7"}, set()),
    ({"from_consultation": "nonsense"}, set()),
    ({"from_consultation": str(uuid4())}, set()),
    ({"passport": "E123456"}, set()),
]
"""What is sent besides a valid form, and the fields that the page marks; none if the problem has no field."""


@sqlite_only
def test_what_cannot_be_opened_is_reported_at_its_field_and_nothing_typed_is_lost(world):
    for changed, places in REFUSED:
        answer = world["ana"].post_form("/returns", form_fields(**changed, child_alone="1"))
        assert answer.status_code == 422, changed
        assert marked_fields(answer) == places, changed
        assert answer.text.count('<div class="notice error"') == 1
        form = read_form(answer)
        assert "nationality" in changed or form["nationality"] == ["NIC"], changed
        assert form["alone"] and "E123456" not in answer.text
    assert list_stored() == []


@sqlite_only
def test_the_people_of_a_consultation_are_carried_over_and_it_has_one_request(world):
    consultation_id = record_consultation(world, persons=[{**WOMAN, "n": 2}, BOY])
    page = world["ana"].get(f"/returns/new?consultation={consultation_id}", **ENGLISH)
    assert read_form(page) == {
        "country_of_departure": "HND",
        "country_of_return": "NIC",
        "nationality": ["NIC"],
        "people": {"female-age_25_59": "2", "male-age_12_17": "1"},
        "alone": False,
    }
    count_reads = text("SELECT count(*) FROM audit_entry WHERE action = 'record_read'")
    assert db.session.scalar(count_reads) == 1
    db.session.rollback()
    fields = form_fields(
        from_consultation=consultation_id,
        country_of_return="NIC",
        **{"persons-female-age_25_59": "2", "persons-male-age_12_17": "1"},
    )
    created = world["ana"].post_form("/returns", fields)
    assert created.status_code == 302
    assert list_stored() == [("NIC", "HND", "NIC", 3, False, True)]

    second = world["ben"].post_form("/returns", {**fields, "id": str(uuid4())}, **ENGLISH)
    assert second.status_code == 409 and len(list_stored()) == 1
    assert f'href="{created.location}"' in second.text
    redirect = world["ben"].get(f"/returns/new?consultation={consultation_id}")
    assert (redirect.status_code, redirect.location) == (302, created.location)

    world["ana"].post(f"{created.location}/withdraw", {})
    assert world["ben"].get(f"/returns/new?consultation={consultation_id}").status_code == 200
    assert world["ben"].post_form("/returns", {**fields, "id": str(uuid4())}).status_code == 302
    assert len(list_stored()) == 2


@sqlite_only
def test_a_consultation_of_somebody_else_or_of_nobody_is_not_there(world):
    own, other_desk = record_consultation(world), record_consultation(world, "eva", desk="HND-02")
    tally = {
        "id": str(uuid4()),
        "desk": "HND-01",
        "held_on": consultation_json()["held_on"],
        "outcomes": ["person_declined_record"],
    }
    assert world["ana"].post("/consultations", tally).status_code == 201
    voided = record_consultation(world)
    world["ana"].post(f"/consultations/{voided}/void", {"reason": "slip"})
    for consultation_id in (other_desk, tally["id"], voided, str(uuid4()), "nonsense", "x" * 3000):
        assert world["ana"].get(f"/returns/new?consultation={consultation_id}").status_code == 404
        answer = world["ana"].post_form("/returns", form_fields(from_consultation=consultation_id))
        assert answer.status_code == 422
    assert world["guille"].get(f"/returns/new?consultation={own}").status_code == 404
    for name in ("susana", "rita", "adela", "cora"):
        assert world[name].get("/returns/new").status_code == 403
        assert world[name].post_form("/returns", form_fields()).status_code == 403
    assert world["ana"].get("/returns/new?desk=HND-02").status_code == 404
    assert list_stored() == []


@sqlite_only
def test_a_child_alone_is_ticked_at_once_and_cannot_be_unticked(world):
    uasc_id = record_consultation(world, travel_group="uasc")
    boy_id = record_consultation(world, persons=[BOY])
    for consultation_id in (uasc_id, boy_id):
        page = world["ana"].get(f"/returns/new?consultation={consultation_id}")
        assert read_form(page)["alone"]
    fields = form_fields(from_consultation=uasc_id)
    assert world["ana"].post_form("/returns", fields).status_code == 302
    boy = {"persons-female-age_25_59": "", "persons-male-age_12_17": "1"}
    assert world["ana"].post_form("/returns", form_fields(**boy)).status_code == 302
    assert [row[4] for row in list_stored()] == [True, True]


@sqlite_only
def test_several_nationalities_are_offered_and_none_is_chosen_for_them(world):
    [group] = consultation_json()["groups"]
    groups = [{**group, "nationality": code} for code in ("VEN", "HTI")]
    consultation_id = record_consultation(world, groups=groups)
    page = world["ana"].get(f"/returns/new?consultation={consultation_id}")
    assert read_form(page)["nationality"] == [] and read_form(page)["country_of_return"] == ""
    offered = re.findall(r'type="radio" name="nationality" value="(\w+)"', page.text)
    assert offered[:2] == ["VEN", "HTI"] and len(offered) == 7
    assert read_form(page)["people"] == {"female-age_25_59": "2"}


@sqlite_only
def test_another_language_keeps_the_answers(world):
    fields = form_fields(nationality=["", "AFG"], country_of_return="FRA", child_alone="1")
    page = world["ana"].post_form("/returns/new", {**fields, "switch_locale": "fr"})
    assert page.status_code == 200 and '<html lang="fr"' in page.text
    form = read_form(page)
    assert (form["country_of_return"], form["alone"]) == ("FRA", True)
    assert re.search(r'<option value="AFG" selected>', page.text)
    assert fields["id"] in page.text and form["people"] == {"female-age_25_59": "1"}
    assert "locale=fr" in page.headers["Set-Cookie"]
    plain = world["ana"].post_form("/returns/new", {**fields, "switch_locale": "xx"})
    assert plain.status_code == 200 and list_stored() == []


@sqlite_only
def test_the_desk_is_asked_if_there_are_several_and_must_be_open(world, app):
    closed = make_desk("HND-03", closed_on=date(2021, 1, 1))
    make_account("dora", "desk_staff", (world.desks["HND-01"], closed))
    dora = sign_in(app, "dora")
    page = dora.get("/returns/new?desk=HND-03")
    assert re.search(r'<option value="HND-03" selected>', page.text)
    refused = dora.post_form("/returns", form_fields(desk="HND-03"))
    assert (refused.status_code, marked_fields(refused)) == (422, {"desk"})
    assert 'type="hidden" name="desk"' in world["ana"].get("/returns/new").text


def list_offers(world, username, path):
    return [
        unescape(address)
        for address in re.findall(r'href="(/returns/new\?[^"]+)"', world[username].get(path).text)
    ]


@sqlite_only
def test_a_request_is_offered_if_they_asked_about_returning(world):
    topic_id = record_consultation(world)
    outcomes = ["return_request_opened"]
    outcome_id = record_consultation(world, topics=["health"], outcomes=outcomes)
    health_id = record_consultation(world, topics=["health"])
    address = "/returns/new?consultation="
    path = "/today"
    assert set(list_offers(world, "ana", path)) == {address + topic_id, address + outcome_id}
    assert list_offers(world, "susana", f"{path}?desk=HND-01") == []
    for consultation_id, count in ((topic_id, 1), (outcome_id, 1), (health_id, 0)):
        for page in (f"/consultations/{consultation_id}", f"/cases/{consultation_id}"):
            assert list_offers(world, "ana", page) == [address + consultation_id] * count
            assert list_offers(world, "susana", page) == []
    assert (
        world["ana"].post_form("/returns", form_fields(from_consultation=topic_id)).status_code
        == 302
    )
    assert list_offers(world, "ana", path) == [address + outcome_id]
    assert list_offers(world, "ana", f"/cases/{topic_id}") == []

    fields = {
        "id": str(uuid4()),
        "desk": "HND-01",
        "held_on": consultation_json()["held_on"],
        "groups-0-nationality": "NIC",
        "groups-0-repeat_contact": "unknown",
        "groups-0-female-age_25_59": "1",
        "outcomes": "information_given",
    }
    saved = world["ana"].post_form(
        "/consultations", {**fields, "topics": "voluntary_return"}, follow_redirects=True
    )
    notice = saved.text[: saved.text.index('class="day-head"')]
    assert address + fields["id"] in notice
    plain = {**fields, "id": str(uuid4()), "topics": "health"}
    saved = world["ana"].post_form("/consultations", plain, follow_redirects=True)
    assert "/returns/new?" not in saved.text[: saved.text.index('class="day-head"')]


@sqlite_only
def test_an_ended_session_keeps_the_answers_of_a_new_request_through_signing_in(world):
    fields = form_fields(**{"persons-female-age_25_59": "3"})
    stranger = Browser(world.app.test_client())
    refused = stranger.post_form("/returns", fields)
    assert refused.status_code == 401
    hidden = r'<input type="hidden" name="([^"]*)" value="([^"]*)"'
    main = refused.text.partition("<main")[2]
    kept_pairs = [pair for pair in re.findall(hidden, main) if pair[0] != "csrf_token"]
    signed_in = stranger.post_form(
        "/sign-in", [*kept_pairs, ("username", "ana"), ("password", PASSWORD)]
    )
    resumed_form = signed_in.text.partition('action="/returns/new"')[2].partition("</form>")[0]
    carried = [pair for pair in re.findall(hidden, resumed_form) if pair[0] != "csrf_token"]
    assert dict(carried)["id"] == fields["id"]
    page = stranger.post_form("/returns/new", carried).text
    assert f'value="{fields["id"]}"' in page
    assert re.search(r'name="persons-female-age_25_59" value="3"', page)
    assert list_stored() == []


@sqlite_only
def test_kept_answers_lead_to_pages_of_this_site_only(world):
    stranger = Browser(world.app.test_client())
    for target in ("https://elsewhere.example", "/sign-out", "//x", "/returns/new?x=1"):
        fields = [("kept.id", "1"), ("next", target), ("username", "ana"), ("password", PASSWORD)]
        main = stranger.post_form("/sign-in", fields).text.partition("<main")[2]
        assert 'action="/consultations/new"' in main and target not in main
        stranger.post_form("/sign-out", {})
