"""An admin opens, changes and closes shelters, sets their beds and coordinators."""

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
RANDOM_CODE = re.compile(f"[{CODE_CHARACTERS}]{{8}}")
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
sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is refused or shown before any database is asked."""
HIDDEN = {**FIELDS, "type": "women_refuge", "is_protected": "1", "code": "CASA-ALEGRE"}


@pytest.fixture
def admin(app: Flask) -> Browser:
    make_account("admin", "admin")
    browser = sign_in(app, "admin")
    browser.client.set_cookie("locale", "en")
    return browser


def get_stored(code: str = "HND-S7"):
    shelter = find_shelter(db.session(), code)
    db.session.rollback()
    return shelter


def list_stored() -> list:
    shelters = list_all(db.session())
    db.session.rollback()
    return shelters


def problems_of(answer) -> list[tuple[str, str]]:
    return [(problem["field"], problem["code"]) for problem in answer.get_json()["problems"]]


def changed_fields(version: int, **fields) -> dict:
    unchanged = {name: value for name, value in FIELDS.items() if name not in ("code", "country")}
    return {**unchanged, "version": str(version), **fields}


def test_opened_shelter_stands_in_the_list_as_it_was_described(admin: Browser) -> None:
    answer = admin.post_form("/shelters/new", FIELDS)

    assert (answer.status_code, answer.location) == (302, "/shelters/HND-S7")
    shelter = get_stored()
    assert (shelter.latitude, shelter.longitude) == (14.0723, -87.1921)
    assert (shelter.time_zone, shelter.opens_at, shelter.closes_at) == (
        "America/Tegucigalpa",
        "18:00",
        "06:30",
    )
    assert (shelter.languages, shelter.sexes) == (("hat", "spa"), ("female", "male"))
    assert (shelter.youngest, shelter.oldest, shelter.stay_limit_days) == (0, 59, 5)
    assert (shelter.admits_children, shelter.admits_groups) == (True, False)
    assert (shelter.is_accepting, shelter.is_protected) == (True, False)
    assert (shelter.hold_minutes, shelter.reply_minutes, shelter.version) == (90, 30, 1)
    assert shelter.phone == "+504 2222-1111" and shelter.email == "casa@example.org"
    list_page = admin.get("/shelters").text
    assert "Casa Alegre" in list_page and "Honduras" in list_page and "No beds yet" in list_page
    page = admin.get("/shelters/HND-S7").text
    assert 'value="14.0723"' in page and 'value="-87.1921"' in page and 'value="0"' in page


@sqlite_only
def test_optional_fields_may_be_empty(admin: Browser) -> None:
    bare = {name: FIELDS[name] for name in ("code", "country", "name", "type", "organisation")}
    numbers = {"adm1": AREA, "sexes": "other", "hold_minutes": "5", "reply_minutes": "2880"}

    assert admin.post_form("/shelters/new", {**bare, **numbers}).status_code == 302

    shelter = get_stored()
    assert (shelter.latitude, shelter.youngest, shelter.stay_limit_days, shelter.closed_on) == (
        None,
    ) * 4
    assert (shelter.opens_at, shelter.email, shelter.phone, shelter.languages) == ("", "", "", ())
    assert not shelter.is_accepting and not shelter.admits_children


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
REPORTED_AT = {
    "both_or_none": {"latitude": "longitude"},
    "ages_crossed": {"youngest": "oldest"},
    "must_be_protected": {"type": "is_protected"},
}


@sqlite_only
def test_wrong_field_is_named_and_nothing_is_stored(admin: Browser) -> None:
    for field, value, code in WRONG:
        answer = admin.post_form("/shelters/new", {**FIELDS, field: value}, headers=JSON)

        reported_at = REPORTED_AT.get(code, {}).get(field, field)
        assert (answer.status_code, problems_of(answer)) == (422, [(reported_at, code)]), (
            field,
            value,
        )
    assert list_stored() == []


@sqlite_only
def test_page_keeps_everything_typed_and_says_what_is_wrong(admin: Browser) -> None:
    fields = {**FIELDS, "name": "<b>Casa</b> & more", "latitude": "north", "hold_minutes": "4000"}

    answer = admin.post_form("/shelters/new", fields)

    assert answer.status_code == 422
    for typed in (fields["name"], "north", "4000", "-87,1921", "+504 2222-1111"):
        assert f'value="{escape(typed)}"' in answer.text, typed
    assert f'value="{AREA}" selected' in answer.text
    assert re.search(r'value="female" checked', answer.text)
    assert not re.search(r'value="other" checked', answer.text)
    assert "Between 5 and 2,880 minutes." in answer.text
    assert 'aria-describedby="p-hold_minutes' in answer.text


def test_a_code_is_given_once(admin: Browser) -> None:
    make_shelter("HND-S7")

    answer = admin.post_form("/shelters/new", FIELDS, headers=JSON)

    assert problems_of(answer) == [("code", "taken")] and get_stored().name == "Casa San José"


def test_a_protected_shelter_gets_a_code_that_says_nothing(admin: Browser) -> None:
    for _ in range(2):
        assert admin.post_form("/shelters/new", HIDDEN).status_code == 302

    codes = {shelter.code for shelter in list_stored()}
    assert len(codes) == 2 and all(RANDOM_CODE.fullmatch(code) for code in codes)
    audit_page = admin.get("/audit").text
    assert (
        "Opened a shelter" in audit_page
        and "Casa Alegre" not in audit_page
        and "CASA" not in audit_page
    )


@sqlite_only
def test_a_protected_shelter_needs_a_meeting_point_or_a_phone(admin: Browser) -> None:
    fields = {**HIDDEN, "phone": "", "meeting_point": ""}

    refused = admin.post_form("/shelters/new", fields, headers=JSON)
    accepted = admin.post_form(
        "/shelters/new", {**fields, "meeting_point": "Central park, north gate"}
    )

    assert (
        problems_of(refused) == [("meeting_point", "no_way_to_meet")]
        and accepted.status_code == 302
    )


def test_a_shelter_that_becomes_protected_gets_a_new_code_and_stays_protected(
    admin: Browser,
) -> None:
    admin.post_form("/shelters/new", FIELDS)
    assert problems_of(
        admin.post_form("/shelters/HND-S7", changed_fields(1, type="women_refuge"), headers=JSON)
    )

    assert (
        admin.post_form("/shelters/HND-S7", changed_fields(1, is_protected="1")).status_code == 302
    )

    (shelter,) = list_stored()
    assert RANDOM_CODE.fullmatch(shelter.code) and shelter.is_protected and shelter.version == 2
    assert admin.get("/shelters/HND-S7").status_code == 404
    fields = changed_fields(2)
    refused = admin.post_form(f"/shelters/{shelter.code}", fields, headers=JSON)
    assert problems_of(refused) == [("is_protected", "stays_protected")]
    accepted = admin.post_form(
        f"/shelters/{shelter.code}", {**fields, "is_protected": "1", "name": "Otra"}
    )
    assert accepted.status_code == 302 and list_stored()[0].code == shelter.code


def test_changed_shelter_has_a_new_version_and_a_stale_one_is_refused(admin: Browser) -> None:
    admin.post_form("/shelters/new", FIELDS)

    first = admin.post_form(
        "/shelters/HND-S7", changed_fields(1, name="Casa Sur", sexes=["female"])
    )
    second = admin.post_form("/shelters/HND-S7", changed_fields(1, name="Casa Norte", oldest="40"))
    by_json = admin.post_form("/shelters/HND-S7", changed_fields(1, name="Casa Este"), headers=JSON)

    assert (first.status_code, second.status_code, by_json.status_code) == (302, 409, 409)
    assert get_stored().name == "Casa Sur" and get_stored().version == 2
    assert "Casa Norte" in second.text and "Stored now: Casa Sur" in second.text
    assert "Stored now: Female" in second.text and "Stored now: 59" in second.text
    assert 'name="version" value="2"' in second.text
    assert (
        admin.post_form("/shelters/HND-S7", changed_fields(2, name="Casa Norte")).status_code == 302
    )


@sqlite_only
def test_country_and_code_cannot_be_changed_and_a_version_is_required(admin: Browser) -> None:
    admin.post_form("/shelters/new", FIELDS)
    unversioned = changed_fields(1)
    del unversioned["version"]

    answer = admin.post_form(
        "/shelters/HND-S7", changed_fields(1, country="GTM", code="X"), headers=JSON
    )

    assert problems_of(answer) == [("code", "unknown_field"), ("country", "unknown_field")]
    assert admin.post_form("/shelters/HND-S7", unversioned).status_code == 422
    assert get_stored().version == 1


def test_closed_shelter_is_shown_as_closed_and_can_be_opened_again(admin: Browser) -> None:
    admin.post_form("/shelters/new", FIELDS)
    yesterday = clock.today_at("America/Tegucigalpa") - timedelta(days=1)
    for day, code in (("", "required"), ("31/12", "not_a_date")):
        fields = {"version": "1", "closed_on": day}
        refused = admin.post_form("/shelters/HND-S7/close", fields, headers=JSON)
        assert problems_of(refused) == [("closed_on", code)]

    fields = {"version": "1", "closed_on": yesterday.isoformat()}
    assert admin.post_form("/shelters/HND-S7/close", fields).status_code == 302

    assert get_stored().closed_on == yesterday
    assert 'class="state closed"' in admin.get("/shelters").text
    assert admin.post_form("/shelters/HND-S7/close", fields).status_code == 409
    assert admin.post_form("/shelters/HND-S7", changed_fields(2, closed_on="")).status_code == 302
    assert get_stored().closed_on is None


@sqlite_only
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
        fields = {"category": category, "capacity": capacity, "reason": ""}
        assert admin.post_form("/shelters/HND-S7/categories", fields).status_code == 302

    women, men = sorted(
        list_beds(db.session(), [shelter.id])[shelter.id], key=lambda beds: beds.capacity
    )
    assert (women.category, women.capacity) == ("women", 0)
    assert women.confirmed_at == before.confirmed_at
    assert (men.category, men.capacity) == ("men", 4)
    db.session.rollback()
    for fields, problem in (
        ({"category": "men", "capacity": ""}, ("capacity", "required")),
        ({"category": "men", "capacity": "-1"}, ("capacity", "not_a_bed_number")),
        ({"category": "men", "capacity": "10000"}, ("capacity", "not_a_bed_number")),
        ({"category": "dogs", "capacity": "1"}, ("category", "unknown_code")),
    ):
        answer = admin.post_form("/shelters/HND-S7/categories", fields, headers=JSON)
        assert (answer.status_code, problems_of(answer)) == (422, [problem])


def test_a_coordinator_works_at_a_shelter_from_the_next_request_on(
    app: Flask, admin: Browser
) -> None:
    make_shelter("HND-S7")
    other = make_shelter("HND-S8")
    make_coordinator("cora", other)
    make_coordinator("ceci", make_shelter("GTM-S1", country="GTM", adm1=FOREIGN_AREA))
    cora = sign_in(app, "cora")
    path, confirm_path = "/shelters/HND-S7/coordinators", "/shelters/HND-S7/confirm"
    assert cora.post(confirm_path).status_code == 404
    assert "cora" in admin.get("/shelters/HND-S7").text
    assert "ceci" not in admin.get("/shelters/HND-S7").text

    assert admin.post_form(path, {"coordinators": "cora"}).status_code == 302
    assert [shelter["code"] for shelter in cora.get("/sync/me").get_json()["shelters"]] == [
        "HND-S7",
        "HND-S8",
    ]
    assert cora.post(confirm_path).status_code == 200

    assert admin.post_form(path, {"before": "cora"}).status_code == 302
    assert cora.post(confirm_path).status_code == 404
    assert cora.post("/shelters/HND-S8/confirm").status_code == 200
    audit_page = admin.get("/audit").text
    assert audit_page.count("Assigned a coordinator to shelters") == 4


def test_a_page_opened_earlier_takes_no_shelter_from_whom_it_did_not_show(
    app: Flask, admin: Browser
) -> None:
    shelter = make_shelter("HND-S7")
    make_coordinator("cora", shelter)
    make_coordinator("ciro")
    path = "/shelters/HND-S7/coordinators"

    assert admin.post_form(path, {"coordinators": "ciro"}).status_code == 302
    assert admin.post_form(path, {}).status_code == 302
    unknown = admin.post_form(path, {"coordinators": ["ciro", "admin"]}, headers=JSON)

    assert problems_of(unknown) == [("coordinators", "unknown_code")]
    for name in ("cora", "ciro"):
        assert len(sign_in(app, name).get("/sync/me").get_json()["shelters"]) == 1, name


@sqlite_only
def test_a_coordinator_is_invited_without_desks_or_countries(admin: Browser) -> None:
    fields = {"username": "clara", "role": "shelter_coordinator", "locale": "es"}
    make_shelter("HND-S7")

    answer = admin.post_form("/accounts/new", fields)

    assert answer.status_code == 200 and "/invitations/" in answer.text
    assert "clara" in admin.get("/shelters/HND-S7").text


def test_a_shelter_says_itself_whether_it_takes_people_in(app: Flask) -> None:
    shelter = make_shelter("HND-S7")
    make_shelter("HND-S8")
    make_coordinator("cora", shelter)
    cora = sign_in(app, "cora")
    path = "/shelters/HND-S7/accepting"

    assert cora.post(path, {"accepting": False}).get_json() == {"accepting": False}
    stored = get_stored()
    assert (stored.is_accepting, stored.version) == (False, 2)
    assert stored.inbox_version > shelter.inbox_version
    assert cora.post_form(path, {"accepting": "1"}).status_code == 302
    assert get_stored().is_accepting
    for fields in ({}, {"accepting": "perhaps"}, {"accepting": 1}, {"accepting": True, "why": "x"}):
        assert cora.post(path, fields).status_code == 422, fields
    assert cora.post("/shelters/HND-S8/accepting", {"accepting": False}).status_code == 404
    assert get_stored("HND-S8").is_accepting
