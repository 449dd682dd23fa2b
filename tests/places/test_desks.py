"""An admin opens, changes and closes desks; every problem is reported at its field and nothing is stored."""

from datetime import timedelta

import pytest
from flask import Flask
from markupsafe import escape

from app import clock
from app.db.session import db
from app.places.queries import ALL_DESKS, find_desk
from app.places.vocabulary import areas
from tests.factories.records import (
    JSON,
    Browser,
    consultation_json,
    make_account,
    make_desk,
    sign_in,
)

AREA = next(a.pcode for a in areas().values() if a.country == "HND")
FOREIGN_AREA = next(a.pcode for a in areas().values() if a.country == "GTM")
FIELDS = {
    "code": "hnd-07",
    "name": "Ventanilla Choluteca",
    "country": "HND",
    "adm1": AREA,
    "time_zone": "",
    "organisation": "Municipality",
    "modality": "informational",
    "opened_on": "2026-01-15",
}


@pytest.fixture
def admin(app: Flask) -> Browser:
    make_account("admin", "admin")
    browser = sign_in(app, "admin")
    browser.client.set_cookie("locale", "en")
    return browser


def get_stored(code: str = "HND-07"):
    desk = find_desk(db.session(), ALL_DESKS, code)
    db.session.rollback()
    return desk


def test_opened_desk_takes_the_countrys_time_zone_and_stands_in_the_list(admin: Browser) -> None:
    answer = admin.post_form("/desks/new", FIELDS)

    assert answer.status_code == 302 and answer.location == "/desks"
    assert get_stored().time_zone == "America/Tegucigalpa"
    list_page = admin.get("/desks").text
    assert (
        "Ventanilla Choluteca" in list_page
        and "Honduras" in list_page
        and 'class="state open"' in list_page
    )


WRONG = (
    ("code", "", "required"),
    ("code", "HND 07", "not_a_desk_code"),
    ("code", "X" * 21, "too_long"),
    ("code", "HND-\x00", "unreadable"),
    ("name", "", "required"),
    ("name", "x" * 81, "too_long"),
    ("name", "Call maria@example.org", "identifier"),
    ("name", "Desk 9912-3456", "identifier"),
    ("organisation", "Tel. 504 9912 3456", "identifier"),
    ("organisation", "TwoCountryWorld ٠١٢٣٤٥", "identifier"),
    ("country", "ESP", "unknown_code"),
    ("adm1", FOREIGN_AREA, "not_in_country"),
    ("adm1", "HN99", "unknown_code"),
    ("time_zone", "America/Atlantis", "not_a_time_zone"),
    ("time_zone", "UTC", "not_a_time_zone"),
    ("modality", "whatever", "unknown_code"),
    ("opened_on", "", "required"),
    ("opened_on", "2026-02-30", "not_a_date"),
    ("closed_on", "2026-01-14", "closes_before_opening"),
    ("closed_on", "soon", "not_a_date"),
    ("phone", "1", "unknown_field"),
    ("latitude", "91", "not_degrees"),
    ("longitude", "-180.1", "not_degrees"),
    ("longitude", "1e2", "not_degrees"),
)


def test_wrong_field_is_named_and_nothing_is_stored(admin: Browser) -> None:
    for field, value, code in WRONG:
        answer = admin.post_form("/desks/new", {**FIELDS, field: value}, headers=JSON)

        problems = [(p["field"], p["code"]) for p in answer.get_json()["problems"]]
        assert (answer.status_code, problems) == (422, [(field, code)]), (field, value)
        assert get_stored() is None


def test_the_place_of_a_desk_on_the_map_is_stated_whole_or_not_at_all(admin: Browser) -> None:
    half = admin.post_form("/desks/new", {**FIELDS, "latitude": "13.3"}, headers=JSON)
    assert [(p["field"], p["code"]) for p in half.get_json()["problems"]] == [
        ("longitude", "both_or_none")
    ]

    place = {"latitude": "13.3007", "longitude": "-87,1908"}
    assert admin.post_form("/desks/new", {**FIELDS, **place}).status_code == 302

    assert (get_stored().latitude, get_stored().longitude) == (13.3007, -87.1908)
    assert 'value="-87.1908"' in admin.get("/desks/HND-07").text
    assert admin.post_form("/desks/HND-07", changed_fields(1)).status_code == 302
    assert (get_stored().latitude, get_stored().longitude) == (None, None)


def test_page_keeps_everything_typed_and_says_what_is_wrong(admin: Browser) -> None:
    fields = {
        **FIELDS,
        "name": "<b>Ventanilla</b> & more",
        "time_zone": "Nowhere/City",
        "adm1": AREA,
    }
    answer = admin.post_form("/desks/new", fields)

    assert answer.status_code == 422
    assert f'value="{escape(fields["name"])}"' in answer.text
    assert 'value="Nowhere/City"' in answer.text and "There is no such time zone" in answer.text
    assert f'value="{AREA}" selected' in answer.text and 'value="HND" selected' in answer.text
    assert 'value="2026-01-15"' in answer.text and 'aria-describedby="p-time_zone' in answer.text


def test_all_problems_are_reported_at_once(admin: Browser) -> None:
    answer = admin.post_form("/desks/new", {"name": "x"}, headers=JSON)

    missing = {p["field"] for p in answer.get_json()["problems"]}
    assert missing == {"code", "country", "adm1", "organisation", "modality", "opened_on"}


def test_a_code_is_given_once(admin: Browser) -> None:
    admin.post_form("/desks/new", FIELDS)

    answer = admin.post_form("/desks/new", {**FIELDS, "name": "Other"}, headers=JSON)

    assert answer.get_json()["problems"][0] == {
        "field": "code",
        "code": "taken",
        "message": "This one is already in use.",
    }
    assert get_stored().name == "Ventanilla Choluteca"


def changed_fields(version: int, **fields: str) -> dict[str, str]:
    unchanged = {name: value for name, value in FIELDS.items() if name not in ("code", "country")}
    return {**unchanged, "version": str(version), **fields}


def test_changed_desk_has_a_new_version_and_a_stale_one_is_refused(admin: Browser) -> None:
    admin.post_form("/desks/new", FIELDS)

    first = admin.post_form("/desks/HND-07", changed_fields(1, name="Ventanilla Sur"))
    second = admin.post_form("/desks/HND-07", changed_fields(1, name="Ventanilla Norte"))

    assert first.status_code == 302 and second.status_code == 409
    assert get_stored().name == "Ventanilla Sur" and get_stored().version == 2
    assert "Ventanilla Norte" in second.text and "Stored now: Ventanilla Sur" in second.text
    assert 'name="version" value="2"' in second.text
    assert (
        admin.post_form("/desks/HND-07", changed_fields(2, name="Ventanilla Norte")).status_code
        == 302
    )


def test_change_without_a_version_changes_nothing(admin: Browser) -> None:
    admin.post_form("/desks/new", FIELDS)
    fields = changed_fields(1, name="Other")
    del fields["version"]

    assert admin.post_form("/desks/HND-07", fields).status_code == 422
    assert get_stored().name == "Ventanilla Choluteca"


def test_country_and_code_of_a_desk_cannot_be_changed(admin: Browser) -> None:
    admin.post_form("/desks/new", FIELDS)

    answer = admin.post_form(
        "/desks/HND-07", changed_fields(1, country="GTM", code="X"), headers=JSON
    )

    assert [p["field"] for p in answer.get_json()["problems"]] == ["code", "country"]
    assert get_stored().country == "HND"


def test_closed_desk_is_shown_as_closed_and_can_be_opened_again(admin: Browser) -> None:
    make_desk("HND-07")
    yesterday = clock.today_at("America/Tegucigalpa") - timedelta(days=1)

    fields = {"version": "1", "closed_on": yesterday.isoformat()}
    closed = admin.post_form("/desks/HND-07/close", fields)

    assert closed.status_code == 302 and get_stored().closed_on == yesterday
    assert 'class="state closed"' in admin.get("/desks").text
    assert admin.post_form("/desks/HND-07", changed_fields(2, closed_on="")).status_code == 302
    assert get_stored().closed_on is None


@pytest.mark.parametrize(
    ("day", "code"),
    [("", "required"), ("2019-12-31", "closes_before_opening"), ("31/12", "not_a_date")],
)
def test_impossible_last_day_is_refused_and_kept_on_the_page(
    admin: Browser, day: str, code: str
) -> None:
    make_desk("HND-07")
    fields = {"version": "1", "closed_on": day}

    by_json = admin.post_form("/desks/HND-07/close", fields, headers=JSON)
    by_page = admin.post_form("/desks/HND-07/close", fields)

    assert [p["code"] for p in by_json.get_json()["problems"]] == [code]
    assert by_page.status_code == 422 and f'value="{day}"' in by_page.text
    assert get_stored().closed_on is None


def test_a_stale_closing_is_refused(admin: Browser) -> None:
    make_desk("HND-07")
    admin.post_form("/desks/HND-07", changed_fields(1, name="Other"))

    answer = admin.post_form("/desks/HND-07/close", {"version": "1", "closed_on": "2026-05-01"})

    assert answer.status_code == 409 and get_stored().closed_on is None


def test_every_change_leaves_one_entry_that_names_the_desk(admin: Browser) -> None:
    admin.post_form("/desks/new", FIELDS)
    admin.post_form("/desks/HND-07", changed_fields(1, name="Ventanilla Sur"))
    admin.post_form("/desks/HND-07/close", {"version": "2", "closed_on": "2026-05-01"})

    audit_page = admin.get("/audit").text

    for action in ("Opened a desk", "Changed a desk", "Closed a desk"):
        assert audit_page.count(action) == 1
    assert "Ventanilla Sur" in audit_page


def test_a_desk_that_is_not_there_answers_404(admin: Browser) -> None:
    make_desk("HND-07")

    for code in ("HND-99", "%00", "hnd-07", "' OR 1=1 --", "x" * 300):
        assert admin.get(f"/desks/{code}").status_code == 404


def test_json_in_the_place_of_a_form_is_not_taken(admin: Browser) -> None:
    assert admin.post("/desks/new", FIELDS).status_code == 415
    assert get_stored() is None


def test_desk_that_is_closed_meanwhile_takes_no_consultation_any_more(
    app: Flask, admin: Browser
) -> None:
    desk = make_desk("HND-07")
    make_account("officer", "desk_staff", desks=[desk])
    officer = sign_in(app, "officer")
    assert officer.post("/consultations", consultation_json("HND-07")).status_code == 201
    yesterday = clock.today_at("America/Tegucigalpa") - timedelta(days=1)

    fields = {"version": "1", "closed_on": yesterday.isoformat()}
    assert admin.post_form("/desks/HND-07/close", fields).status_code == 302

    refused = officer.post("/consultations", consultation_json("HND-07"))
    assert refused.status_code == 422
    assert [problem["field"] for problem in refused.get_json()["problems"]] == ["held_on"]
