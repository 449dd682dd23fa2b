"""An admin opens, changes and closes shelters, says their beds and who coordinates them."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from markupsafe import escape

from app import clock
from app.db.session import db
from app.places.vocabulary import areas
from app.shelters.actions.shelters import CODE_CHARACTERS
from app.shelters.queries.beds import list_beds
from app.shelters.queries.shelters import find_shelter, list_all
from tests.factories.records import JSON, Browser, make_account, sign_in
from tests.factories.shelters import make_coordinator, make_shelter

AREA = "HN08"
FOREIGN_AREA = next(a.pcode for a in areas().values() if a.country == "GTM")
DRAWN = re.compile(f"[{CODE_CHARACTERS}]{{8}}")
FIELDS = {
    "code": "hnd-s7",
    "country": "HND",
    "name": "Casa Alegre",
    "type": "civil_society_shelter",
    "organisation": "Pastoral",
    "adm1": AREA,
    "address": "Avenida Central 12",
    "directions": "Two blocks behind the bus station",
    "latitude": "14.0723",
    "longitude": "-87,1921",
    "phone": "+504 2222-1111",
    "email": "casa@example.org",
    "meeting_point": "",
    "time_zone": "",
    "opens_at": "18:00",
    "closes_at": "06:30",
    "languages": ["spa", "hat"],
    "sexes": ["female", "male"],
    "admits_children": "1",
    "youngest": "0",
    "oldest": "59",
    "stay_limit_days": "5",
    "is_accepting": "1",
    "hold_minutes": "90",
    "reply_minutes": "30",
}
once = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is refused or shown before any database is asked."""
HIDDEN = {**FIELDS, "type": "women_refuge", "is_protected": "1", "code": "CASA-ALEGRE"}


@pytest.fixture
def admin(app: Flask) -> Browser:
    make_account("admin", "admin")
    browser = sign_in(app, "admin")
    browser.client.set_cookie("locale", "en")
    return browser


def stored(code: str = "HND-S7"):
    found = find_shelter(db.session(), code)
    db.session.rollback()
    return found


def every() -> list:
    found = list_all(db.session())
    db.session.rollback()
    return found


def told(answer) -> list[tuple[str, str]]:
    return [(one["field"], one["code"]) for one in answer.get_json()["problems"]]


def changed(version: int, **fields) -> dict:
    kept = {name: value for name, value in FIELDS.items() if name not in ("code", "country")}
    return {**kept, "version": str(version), **fields}


def test_opened_shelter_stands_in_the_list_as_it_was_described(admin: Browser) -> None:
    answer = admin.post_form("/shelters/new", FIELDS)

    assert (answer.status_code, answer.location) == (302, "/shelters/HND-S7")
    one = stored()
    assert (one.latitude, one.longitude) == (14.0723, -87.1921)
    assert (one.time_zone, one.opens_at, one.closes_at) == ("America/Tegucigalpa", "18:00", "06:30")
    assert (one.languages, one.sexes) == (("hat", "spa"), ("female", "male"))
    assert (one.youngest, one.oldest, one.stay_limit_days) == (0, 59, 5)
    assert (one.admits_children, one.admits_groups) == (True, False)
    assert (one.is_accepting, one.is_protected) == (True, False)
    assert (one.hold_minutes, one.reply_minutes, one.version) == (90, 30, 1)
    assert one.phone == "+504 2222-1111" and one.email == "casa@example.org"
    shown = admin.get("/shelters").text
    assert "Casa Alegre" in shown and "Honduras" in shown and "No beds yet" in shown
    page = admin.get("/shelters/HND-S7").text
    assert 'value="14.0723"' in page and 'value="-87.1921"' in page and 'value="0"' in page


@once
def test_what_need_not_be_said_may_be_empty(admin: Browser) -> None:
    bare = {name: FIELDS[name] for name in ("code", "country", "name", "type", "organisation")}
    numbers = {"adm1": AREA, "sexes": "other", "hold_minutes": "5", "reply_minutes": "2880"}

    assert admin.post_form("/shelters/new", {**bare, **numbers}).status_code == 302

    one = stored()
    assert (one.latitude, one.youngest, one.stay_limit_days, one.closed_on) == (None,) * 4
    assert (one.opens_at, one.email, one.phone, one.languages) == ("", "", "", ())
    assert not one.is_accepting and not one.admits_children


WRONG = (
    ("code", "", "required"),
    ("code", "HND S7", "not_a_desk_code"),
    ("code", "X" * 21, "too_long"),
    ("country", "ESP", "unknown_code"),
    ("name", "", "required"),
    ("name", "x" * 81, "too_long"),
    ("name", "Casa maria@example.org", "identifier"),
    ("organisation", "", "required"),
    ("organisation", "Tel. 504 9912 3456", "identifier"),
    ("type", "hotel", "unknown_code"),
    ("type", "", "required"),
    ("adm1", FOREIGN_AREA, "not_in_country"),
    ("adm1", "HN99", "unknown_code"),
    ("address", "Call 9912-3456", "identifier"),
    ("address", "x" * 161, "too_long"),
    ("directions", "a\x00b", "unreadable"),
    ("meeting_point", "ask for maria@example.org", "identifier"),
    ("latitude", "", "both_or_none"),
    ("latitude", "90.1", "not_degrees"),
    ("latitude", "nan", "not_degrees"),
    ("latitude", "14°", "not_degrees"),
    ("longitude", "-180.5", "not_degrees"),
    ("longitude", "", "both_or_none"),
    ("phone", "call Maria", "not_a_phone"),
    ("phone", "٠١٢٣٤٥٦", "not_a_phone"),
    ("phone", "+ -", "not_a_phone"),
    ("phone", "1" * 31, "too_long"),
    ("email", "casa", "not_a_mailbox"),
    ("email", "Casa <casa@example.org>", "not_a_mailbox"),
    ("email", "a" * 115 + "@example.org", "too_long"),
    ("time_zone", "America/Atlantis", "not_a_time_zone"),
    ("opens_at", "24:00", "not_a_clock_time"),
    ("opens_at", "6:30", "not_a_clock_time"),
    ("closes_at", "", "both_or_none"),
    ("languages", ["spa", "xyz"], "unknown_code"),
    ("sexes", [], "required"),
    ("sexes", ["female", "women"], "unknown_code"),
    ("admits_children", "perhaps", "unreadable"),
    ("youngest", "121", "not_an_age"),
    ("youngest", "-1", "not_an_age"),
    ("youngest", "60", "ages_crossed"),
    ("oldest", "1e2", "not_an_age"),
    ("stay_limit_days", "0", "not_days"),
    ("hold_minutes", "", "required"),
    ("hold_minutes", "4", "not_minutes"),
    ("hold_minutes", "9" * 40, "not_minutes"),
    ("reply_minutes", "2881", "not_minutes"),
    ("type", "women_refuge", "must_be_protected"),
    ("type", "trafficking_refuge", "must_be_protected"),
    ("closed_on", "soon", "not_a_date"),
    ("inbox_version", "7", "unknown_field"),
)
TOLD_AT = {
    "both_or_none": {"latitude": "longitude"},
    "ages_crossed": {"youngest": "oldest"},
    "must_be_protected": {"type": "is_protected"},
}


@once
def test_wrong_field_is_named_and_nothing_is_stored(admin: Browser) -> None:
    for field, value, code in WRONG:
        answer = admin.post_form("/shelters/new", {**FIELDS, field: value}, headers=JSON)

        at_field = TOLD_AT.get(code, {}).get(field, field)
        assert (answer.status_code, told(answer)) == (422, [(at_field, code)]), (field, value)
    assert every() == []


@once
def test_page_keeps_everything_typed_and_says_what_is_wrong(admin: Browser) -> None:
    sent = {**FIELDS, "name": "<b>Casa</b> & more", "latitude": "north", "hold_minutes": "4000"}

    answer = admin.post_form("/shelters/new", sent)

    assert answer.status_code == 422
    for typed in (sent["name"], "north", "4000", "-87,1921", "+504 2222-1111"):
        assert f'value="{escape(typed)}"' in answer.text, typed
    assert f'value="{AREA}" selected' in answer.text
    assert re.search(r'value="female" checked', answer.text)
    assert not re.search(r'value="other" checked', answer.text)
    assert "Between 5 and 2,880 minutes." in answer.text
    assert 'aria-describedby="p-hold_minutes' in answer.text


def test_a_code_is_given_once(admin: Browser) -> None:
    make_shelter("HND-S7")

    answer = admin.post_form("/shelters/new", FIELDS, headers=JSON)

    assert told(answer) == [("code", "taken")] and stored().name == "Casa San José"


def test_a_protected_shelter_gets_a_code_that_says_nothing(admin: Browser) -> None:
    for _ in range(2):
        assert admin.post_form("/shelters/new", HIDDEN).status_code == 302

    codes = {one.code for one in every()}
    assert len(codes) == 2 and all(DRAWN.fullmatch(code) for code in codes)
    trail = admin.get("/audit").text
    assert "Opened a shelter" in trail and "Casa Alegre" not in trail and "CASA" not in trail


@once
def test_a_protected_shelter_needs_a_meeting_point_or_a_phone(admin: Browser) -> None:
    nothing = {**HIDDEN, "phone": "", "meeting_point": ""}

    refused = admin.post_form("/shelters/new", nothing, headers=JSON)
    met = admin.post_form("/shelters/new", {**nothing, "meeting_point": "Central park, north gate"})

    assert told(refused) == [("meeting_point", "no_way_to_meet")] and met.status_code == 302


def test_a_shelter_that_becomes_protected_gets_a_new_code_and_stays_protected(
    admin: Browser,
) -> None:
    admin.post_form("/shelters/new", FIELDS)
    assert told(admin.post_form("/shelters/HND-S7", changed(1, type="women_refuge"), headers=JSON))

    assert admin.post_form("/shelters/HND-S7", changed(1, is_protected="1")).status_code == 302

    (one,) = every()
    assert DRAWN.fullmatch(one.code) and one.is_protected and one.version == 2
    assert admin.get("/shelters/HND-S7").status_code == 404
    shown = changed(2)
    refused = admin.post_form(f"/shelters/{one.code}", shown, headers=JSON)
    assert told(refused) == [("is_protected", "stays_protected")]
    kept = admin.post_form(f"/shelters/{one.code}", {**shown, "is_protected": "1", "name": "Otra"})
    assert kept.status_code == 302 and every()[0].code == one.code


def test_changed_shelter_has_a_new_version_and_a_stale_one_is_refused(admin: Browser) -> None:
    admin.post_form("/shelters/new", FIELDS)

    first = admin.post_form("/shelters/HND-S7", changed(1, name="Casa Sur", sexes=["female"]))
    second = admin.post_form("/shelters/HND-S7", changed(1, name="Casa Norte", oldest="40"))
    by_json = admin.post_form("/shelters/HND-S7", changed(1, name="Casa Este"), headers=JSON)

    assert (first.status_code, second.status_code, by_json.status_code) == (302, 409, 409)
    assert stored().name == "Casa Sur" and stored().version == 2
    assert "Casa Norte" in second.text and "Stored now: Casa Sur" in second.text
    assert "Stored now: Female" in second.text and "Stored now: 59" in second.text
    assert 'name="version" value="2"' in second.text
    assert admin.post_form("/shelters/HND-S7", changed(2, name="Casa Norte")).status_code == 302


@once
def test_country_and_code_cannot_be_changed_and_a_version_must_be_said(admin: Browser) -> None:
    admin.post_form("/shelters/new", FIELDS)
    unversioned = changed(1)
    del unversioned["version"]

    answer = admin.post_form("/shelters/HND-S7", changed(1, country="GTM", code="X"), headers=JSON)

    assert told(answer) == [("code", "unknown_field"), ("country", "unknown_field")]
    assert admin.post_form("/shelters/HND-S7", unversioned).status_code == 422
    assert stored().version == 1


def test_closed_shelter_is_shown_as_closed_and_can_be_opened_again(admin: Browser) -> None:
    admin.post_form("/shelters/new", FIELDS)
    yesterday = clock.today_at("America/Tegucigalpa") - timedelta(days=1)
    for day, code in (("", "required"), ("31/12", "not_a_date")):
        said = {"version": "1", "closed_on": day}
        refused = admin.post_form("/shelters/HND-S7/close", said, headers=JSON)
        assert told(refused) == [("closed_on", code)]

    said = {"version": "1", "closed_on": yesterday.isoformat()}
    assert admin.post_form("/shelters/HND-S7/close", said).status_code == 302

    assert stored().closed_on == yesterday
    assert 'class="state closed"' in admin.get("/shelters").text
    assert admin.post_form("/shelters/HND-S7/close", said).status_code == 409
    assert admin.post_form("/shelters/HND-S7", changed(2, closed_on="")).status_code == 302
    assert stored().closed_on is None


@once
def test_a_shelter_that_is_not_there_answers_404(admin: Browser) -> None:
    make_shelter("HND-S7")

    for code in ("HND-S8", "%00", "hnd-s7", "' OR 1=1 --", "x" * 300):
        assert admin.get(f"/shelters/{code}").status_code == 404
        assert admin.post_form(f"/shelters/{code}/coordinators", {}).status_code == 404


def test_an_admin_sets_beds_and_says_nothing_of_who_is_in_them(admin: Browser) -> None:
    shelter = make_shelter("HND-S7", {"women": 3})
    (before,) = list_beds(db.session(), [shelter.id])[shelter.id]
    db.session.rollback()
    for category, capacity in (("men", "4"), ("women", "0")):
        said = {"category": category, "capacity": capacity, "reason": ""}
        assert admin.post_form("/shelters/HND-S7/categories", said).status_code == 302

    women, men = sorted(list_beds(db.session(), [shelter.id])[shelter.id], key=lambda b: b.capacity)
    assert (women.category, women.capacity) == ("women", 0)
    assert women.confirmed_at == before.confirmed_at
    assert (men.category, men.capacity) == ("men", 4)
    db.session.rollback()
    for said, problem in (
        ({"category": "men", "capacity": ""}, ("capacity", "required")),
        ({"category": "men", "capacity": "-1"}, ("capacity", "not_a_bed_number")),
        ({"category": "men", "capacity": "10000"}, ("capacity", "not_a_bed_number")),
        ({"category": "dogs", "capacity": "1"}, ("category", "unknown_code")),
    ):
        answer = admin.post_form("/shelters/HND-S7/categories", said, headers=JSON)
        assert (answer.status_code, told(answer)) == (422, [problem])


def test_a_coordinator_works_at_a_shelter_from_the_next_request_on(
    app: Flask, admin: Browser
) -> None:
    make_shelter("HND-S7")
    other = make_shelter("HND-S8")
    make_coordinator("cora", other)
    make_coordinator("ceci", make_shelter("GTM-S1", country="GTM", adm1=FOREIGN_AREA))
    cora = sign_in(app, "cora")
    at, confirming = "/shelters/HND-S7/coordinators", "/shelters/HND-S7/confirm"
    assert cora.post(confirming).status_code == 404
    assert "cora" in admin.get("/shelters/HND-S7").text
    assert "ceci" not in admin.get("/shelters/HND-S7").text

    assert admin.post_form(at, {"coordinators": "cora"}).status_code == 302
    assert [one["code"] for one in cora.get("/sync/me").get_json()["shelters"]] == [
        "HND-S7",
        "HND-S8",
    ]
    assert cora.post(confirming).status_code == 200

    assert admin.post_form(at, {"before": "cora"}).status_code == 302
    assert cora.post(confirming).status_code == 404
    assert cora.post("/shelters/HND-S8/confirm").status_code == 200
    trail = admin.get("/audit").text
    assert trail.count("Assigned a coordinator to shelters") == 4


def test_a_page_opened_earlier_takes_no_shelter_from_whom_it_did_not_show(
    app: Flask, admin: Browser
) -> None:
    shelter = make_shelter("HND-S7")
    make_coordinator("cora", shelter)
    make_coordinator("ciro")
    at = "/shelters/HND-S7/coordinators"

    assert admin.post_form(at, {"coordinators": "ciro"}).status_code == 302
    assert admin.post_form(at, {}).status_code == 302
    unknown = admin.post_form(at, {"coordinators": ["ciro", "admin"]}, headers=JSON)

    assert told(unknown) == [("coordinators", "unknown_code")]
    for name in ("cora", "ciro"):
        assert len(sign_in(app, name).get("/sync/me").get_json()["shelters"]) == 1, name


@once
def test_a_coordinator_is_invited_without_desks_or_countries(admin: Browser) -> None:
    sent = {"username": "clara", "role": "shelter_coordinator", "locale": "es"}
    make_shelter("HND-S7")

    answer = admin.post_form("/accounts/new", sent)

    assert answer.status_code == 200 and "/invitations/" in answer.text
    assert "clara" in admin.get("/shelters/HND-S7").text


def test_a_shelter_says_itself_whether_it_takes_people_in(app: Flask) -> None:
    shelter = make_shelter("HND-S7")
    make_shelter("HND-S8")
    make_coordinator("cora", shelter)
    cora = sign_in(app, "cora")
    at = "/shelters/HND-S7/accepting"

    assert cora.post(at, {"accepting": False}).get_json() == {"accepting": False}
    now = stored()
    assert (now.is_accepting, now.version) == (False, 2)
    assert now.inbox_version > shelter.inbox_version
    assert cora.post_form(at, {"accepting": "1"}).status_code == 302
    assert stored().is_accepting
    for said in ({}, {"accepting": "perhaps"}, {"accepting": 1}, {"accepting": True, "why": "x"}):
        assert cora.post(at, said).status_code == 422, said
    assert cora.post("/shelters/HND-S8/accepting", {"accepting": False}).status_code == 404
    assert stored("HND-S8").is_accepting
