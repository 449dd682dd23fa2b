"""Opening a return request by its page: from a consultation or alone, what is refused, where it is offered."""

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
on_one = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What a page says is the same on both databases."""
WOMAN = {"sex": "female", "age_band": "age_25_59", "n": 1}
BOY = {"sex": "male", "age_band": "age_12_17", "n": 1}


def form(**said):
    """The fields of a page that asks for one Nicaraguan woman at HND-01."""
    usual = {
        "id": str(uuid4()),
        "desk": "HND-01",
        "from_consultation": "",
        "nationality": ["NIC", ""],
        "country_of_departure": "HND",
        "country_of_return": "",
        "persons-female-age_25_59": "1",
        "persons-male-age_25_59": "",
    }
    return {name: value for name, value in {**usual, **said}.items() if value is not None}


def record(office, name="ana", **said):
    """The id of a consultation of a Nicaraguan woman who asks about returning."""
    [group] = consultation_json()["groups"]
    groups = [{**group, "nationality": "NIC", "persons": said.pop("persons", [WOMAN])}]
    content = consultation_json(**{"groups": groups, "topics": ["voluntary_return"], **said})
    assert office[name].post("/consultations", content).status_code == 201
    return content["id"]


def stored():
    """Every request: nationality, from, to, people, alone, and whether it came from a consultation."""
    wanted = text(
        "SELECT nationality, country_of_departure, country_of_return, person_count, is_child_alone,"
        " consultation_id IS NOT NULL FROM return_request ORDER BY opened_at"
    )
    rows = [tuple(row) for row in db.session.execute(wanted)]
    db.session.rollback()
    return [(*row[:4], bool(row[4]), bool(row[5])) for row in rows]


def marked(answer):
    """The places of a page at which a sentence stands."""
    said = re.findall(r'id="p-([\w]+)" role="alert"( hidden)?>', answer.text)
    return {place for place, hidden in said if not hidden}


def filled(answer):
    """What the page shows: countries, nationality, the tick, people."""
    page = answer.text
    names = ("country_of_departure", "country_of_return")
    lists = [re.search(rf'name="{name}"[^>]*>(.*?)</select>', page, re.S)[1] for name in names]
    found = {
        name: "".join(re.findall(r'value="(\w+)" selected', options))
        for name, options in zip(names, lists, strict=True)
    }
    nationality = re.findall(r'name="nationality" value="(\w+)" checked', page)
    people = dict(re.findall(r'name="persons-([\w-]+)" value="(\d+)"', page))
    alone = bool(re.search(r'name="child_alone" value="1" checked', page))
    return {**found, "nationality": nationality, "people": people, "alone": alone}


def test_a_request_is_opened_by_its_page_and_a_double_tap_opens_one(office):
    said = form()
    first = office["ana"].post_form("/returns", said)
    again = office["ana"].post_form("/returns", said)
    assert (first.status_code, again.status_code) == (302, 302)
    assert first.location == again.location
    assert re.fullmatch(r"/returns/R-\w{5}", first.location)
    assert stored() == [("NIC", "HND", "NIC", 1, False, False)]
    assert office["ana"].get(first.location).status_code == 200

    other = office["ana"].post_form("/returns", {**said, "country_of_return": "CRI"})
    assert other.status_code == 409 and len(stored()) == 1
    foreign = office["guille"].post_form("/returns", {**said, "desk": "GTM-01"})
    assert foreign.status_code == 409 and first.location[-5:] not in foreign.text
    assert len(stored()) == 1


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
"""What is sent beside a right form, and where the page marks it; on top where it has no place of its own."""


@on_one
def test_what_cannot_be_opened_is_said_at_its_field_and_nothing_typed_is_lost(office):
    for changed, places in REFUSED:
        answer = office["ana"].post_form("/returns", form(**changed, child_alone="1"))
        assert answer.status_code == 422, changed
        assert marked(answer) == places, changed
        assert answer.text.count('<div class="notice error"') == 1
        shown = filled(answer)
        assert "nationality" in changed or shown["nationality"] == ["NIC"], changed
        assert shown["alone"] and "E123456" not in answer.text
    assert stored() == []


@on_one
def test_the_people_of_a_consultation_are_carried_over_and_it_has_one_request(office):
    number = record(office, persons=[{**WOMAN, "n": 2}, BOY])
    page = office["ana"].get(f"/returns/new?consultation={number}", **ENGLISH)
    assert filled(page) == {
        "country_of_departure": "HND",
        "country_of_return": "NIC",
        "nationality": ["NIC"],
        "people": {"female-age_25_59": "2", "male-age_12_17": "1"},
        "alone": False,
    }
    read = text("SELECT count(*) FROM audit_entry WHERE action = 'record_read'")
    assert db.session.scalar(read) == 1
    db.session.rollback()
    sent = form(
        from_consultation=number,
        country_of_return="NIC",
        **{"persons-female-age_25_59": "2", "persons-male-age_12_17": "1"},
    )
    opened = office["ana"].post_form("/returns", sent)
    assert opened.status_code == 302
    assert stored() == [("NIC", "HND", "NIC", 3, False, True)]

    second = office["ben"].post_form("/returns", {**sent, "id": str(uuid4())}, **ENGLISH)
    assert second.status_code == 409 and len(stored()) == 1
    assert f'href="{opened.location}"' in second.text
    again = office["ben"].get(f"/returns/new?consultation={number}")
    assert (again.status_code, again.location) == (302, opened.location)

    office["ana"].post(f"{opened.location}/withdraw", {})
    assert office["ben"].get(f"/returns/new?consultation={number}").status_code == 200
    assert office["ben"].post_form("/returns", {**sent, "id": str(uuid4())}).status_code == 302
    assert len(stored()) == 2


@on_one
def test_a_consultation_of_somebody_else_or_of_nobody_is_not_there(office):
    own, near = record(office), record(office, "eva", desk="HND-02")
    tally = {
        "id": str(uuid4()),
        "desk": "HND-01",
        "held_on": consultation_json()["held_on"],
        "outcomes": ["person_declined_record"],
    }
    assert office["ana"].post("/consultations", tally).status_code == 201
    void = record(office)
    office["ana"].post(f"/consultations/{void}/void", {"reason": "slip"})
    for number in (near, tally["id"], void, str(uuid4()), "nonsense", "x" * 3000):
        assert office["ana"].get(f"/returns/new?consultation={number}").status_code == 404
        sent = office["ana"].post_form("/returns", form(from_consultation=number))
        assert sent.status_code == 422
    assert office["guille"].get(f"/returns/new?consultation={own}").status_code == 404
    for name in ("susana", "rita", "adela", "cora"):
        assert office[name].get("/returns/new").status_code == 403
        assert office[name].post_form("/returns", form()).status_code == 403
    assert office["ana"].get("/returns/new?desk=HND-02").status_code == 404
    assert stored() == []


@on_one
def test_a_child_alone_is_ticked_at_once_and_cannot_be_unticked(office):
    alone = record(office, travel_group="uasc")
    children = record(office, persons=[BOY])
    for number in (alone, children):
        page = office["ana"].get(f"/returns/new?consultation={number}")
        assert filled(page)["alone"]
    sent = form(from_consultation=alone)
    assert office["ana"].post_form("/returns", sent).status_code == 302
    boy = {"persons-female-age_25_59": "", "persons-male-age_12_17": "1"}
    assert office["ana"].post_form("/returns", form(**boy)).status_code == 302
    assert [row[4] for row in stored()] == [True, True]


@on_one
def test_several_nationalities_are_offered_and_none_is_chosen_for_them(office):
    [group] = consultation_json()["groups"]
    groups = [{**group, "nationality": code} for code in ("VEN", "HTI")]
    number = record(office, groups=groups)
    page = office["ana"].get(f"/returns/new?consultation={number}")
    assert filled(page)["nationality"] == [] and filled(page)["country_of_return"] == ""
    offered = re.findall(r'type="radio" name="nationality" value="(\w+)"', page.text)
    assert offered[:2] == ["VEN", "HTI"] and len(offered) == 7
    assert filled(page)["people"] == {"female-age_25_59": "2"}


@on_one
def test_another_language_keeps_the_answers(office):
    said = form(nationality=["", "AFG"], country_of_return="FRA", child_alone="1")
    page = office["ana"].post_form("/returns/new", {**said, "switch_locale": "fr"})
    assert page.status_code == 200 and '<html lang="fr"' in page.text
    shown = filled(page)
    assert (shown["country_of_return"], shown["alone"]) == ("FRA", True)
    assert re.search(r'<option value="AFG" selected>', page.text)
    assert said["id"] in page.text and shown["people"] == {"female-age_25_59": "1"}
    assert "locale=fr" in page.headers["Set-Cookie"]
    plain = office["ana"].post_form("/returns/new", {**said, "switch_locale": "xx"})
    assert plain.status_code == 200 and stored() == []


@on_one
def test_the_desk_is_asked_where_there_are_several_and_must_be_open(office, app):
    closed = make_desk("HND-03", closed_on=date(2021, 1, 1))
    make_account("dora", "desk_staff", (office.desks["HND-01"], closed))
    dora = sign_in(app, "dora")
    page = dora.get("/returns/new?desk=HND-03")
    assert re.search(r'<option value="HND-03" selected>', page.text)
    refused = dora.post_form("/returns", form(desk="HND-03"))
    assert (refused.status_code, marked(refused)) == (422, {"desk"})
    assert 'type="hidden" name="desk"' in office["ana"].get("/returns/new").text


def offers(office, name, address):
    return [
        unescape(found)
        for found in re.findall(r'href="(/returns/new\?[^"]+)"', office[name].get(address).text)
    ]


@on_one
def test_a_request_is_offered_where_they_asked_about_returning(office):
    asked, opened = record(office), record(office, topics=["health"], outcomes=[
        "return_request_opened"])  # fmt: skip
    other = record(office, topics=["health"])
    address = "/returns/new?consultation="
    day = "/today"
    assert set(offers(office, "ana", day)) == {address + asked, address + opened}
    assert offers(office, "susana", f"{day}?desk=HND-01") == []
    for number, count in ((asked, 1), (opened, 1), (other, 0)):
        for page in (f"/consultations/{number}", f"/cases/{number}"):
            assert offers(office, "ana", page) == [address + number] * count
            assert offers(office, "susana", page) == []
    assert office["ana"].post_form("/returns", form(from_consultation=asked)).status_code == 302
    assert offers(office, "ana", day) == [address + opened]
    assert offers(office, "ana", f"/cases/{asked}") == []

    said = {
        "id": str(uuid4()),
        "desk": "HND-01",
        "held_on": consultation_json()["held_on"],
        "groups-0-nationality": "NIC",
        "groups-0-repeat_contact": "unknown",
        "groups-0-female-age_25_59": "1",
        "outcomes": "information_given",
    }
    saved = office["ana"].post_form(
        "/consultations", {**said, "topics": "voluntary_return"}, follow_redirects=True
    )
    notice = saved.text[: saved.text.index('class="day-head"')]
    assert address + said["id"] in notice
    plain = {**said, "id": str(uuid4()), "topics": "health"}
    saved = office["ana"].post_form("/consultations", plain, follow_redirects=True)
    assert "/returns/new?" not in saved.text[: saved.text.index('class="day-head"')]


@on_one
def test_an_ended_session_keeps_the_answers_of_a_new_request_through_signing_in(office):
    sent = form(**{"persons-female-age_25_59": "3"})
    stranger = Browser(office.app.test_client())
    asked = stranger.post_form("/returns", sent)
    assert asked.status_code == 401
    hidden = r'<input type="hidden" name="([^"]*)" value="([^"]*)"'
    main = asked.text.partition("<main")[2]
    kept = [pair for pair in re.findall(hidden, main) if pair[0] != "csrf_token"]
    entered = stranger.post_form("/sign-in", [*kept, ("username", "ana"), ("password", PASSWORD)])
    going_on = entered.text.partition('action="/returns/new"')[2].partition("</form>")[0]
    carried = [pair for pair in re.findall(hidden, going_on) if pair[0] != "csrf_token"]
    assert dict(carried)["id"] == sent["id"]
    shown = stranger.post_form("/returns/new", carried).text
    assert f'value="{sent["id"]}"' in shown
    assert re.search(r'name="persons-female-age_25_59" value="3"', shown)
    assert stored() == []


@on_one
def test_kept_answers_lead_to_pages_of_this_site_only(office):
    stranger = Browser(office.app.test_client())
    for wanted in ("https://elsewhere.example", "/sign-out", "//x", "/returns/new?x=1"):
        sent = [("kept.id", "1"), ("next", wanted), ("username", "ana"), ("password", PASSWORD)]
        entered = stranger.post_form("/sign-in", sent).text.partition("<main")[2]
        assert 'action="/consultations/new"' in entered and wanted not in entered
        stranger.post_form("/sign-out", {})
