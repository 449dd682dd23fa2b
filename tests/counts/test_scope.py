"""Who sees which figures, and that looking at them leaves one entry."""

import pytest
from sqlalchemy import select

from app import clock
from app.audit.models import AuditEntry
from app.db.session import db
from app.month import Month
from tests.factories.records import (
    JSON,
    at,
    in_new_context,
    make_account,
    make_consultation,
    make_desk,
    sign_in,
)

pytestmark = pytest.mark.both_databases


@pytest.fixture
def house(app):
    one, two, far = make_desk(), make_desk("HND-02"), make_desk("GTM-01", "GTM")
    clerks = make_account("ana", "desk_staff", (one,)), make_account("rosa", "desk_staff", (two,))
    lejos = make_account("lejos", "desk_staff", (far,))
    make_account("boss", "supervisor", countries=("HND",))
    make_account("both", "supervisor", countries=("HND", "GTM"))
    make_account("regional", "regional")
    make_account("admin", "admin")
    make_account("shelter", "shelter_coordinator")
    make_consultation(clerks[0])
    make_consultation(clerks[1], "HND-02")
    make_consultation(lejos, "GTM-01")
    return app


def month_of_today() -> str:
    return str(Month.containing(clock.today_at("America/Mexico_City")))


SEEN: dict[str, dict[str, int]] = {
    "ana": {
        "": 1,
        "country=HND": 1,
        "desk=HND-01": 1,
        "country=HND&desk=HND-01": 1,
        "desk=HND-02": 404,
        "desk=GTM-01": 404,
        "country=GTM": 404,
        "country=GTM&desk=HND-01": 404,
    },
    "boss": {
        "": 403,
        "country=HND": 2,
        "country=HND&desk=HND-02": 1,
        "desk=HND-02": 1,
        "country=GTM": 404,
        "desk=GTM-01": 404,
        "country=HND&desk=GTM-01": 404,
        "country=GTM&desk=HND-01": 404,
    },
    "both": {"": 403, "country=GTM": 1, "country=HND": 2, "desk=GTM-01": 1},
    "regional": {
        "": 3,
        "country=HND": 2,
        "country=NIC": 0,
        "desk=HND-01": 404,
        "country=HND&desk=HND-01": 404,
        "country=FRA": 404,
        "country=hnd": 404,
    },
    "admin": {"": 403, "country=HND": 403, "desk=HND-01": 403},
    "shelter": {"": 403, "country=HND": 403, "desk=HND-01": 403},
}
"""Who asks for what, and the persons reached that they are told; 403 and 404 are refusals."""


@pytest.mark.parametrize("who", SEEN)
def test_an_account_reads_the_figures_of_its_scope_alone(house, who):
    browser, month = sign_in(house, who), month_of_today()
    for address, expected in SEEN[who].items():
        answer = browser.get_json(f"/counts.json?month={month}&{address}")
        status = expected if expected in (403, 404) else 200
        led_on = status == 403 and who in ("boss", "both")
        shown = browser.get(f"/counts?month={month}&{address}")
        assert (answer.status_code, shown.status_code) == (status, 302 if led_on else status), (
            address
        )
        if status == 200:
            assert answer.get_json()["reached"]["low"] == expected, address


def test_without_a_session_there_are_no_figures(house):
    assert in_new_context(house.test_client().get, "/counts.json").status_code == 401


def test_a_desk_officer_sees_the_figures_narrowed_to_the_desk(house):
    said = sign_in(house, "ana").get_json("/counts.json").get_json()
    assert (said["country"], said["desk"], said["by"]["desk"]) == ("HND", "HND-01", {"HND-01": 1})


def test_a_supervisor_without_a_country_is_led_to_the_first_of_theirs(house):
    answer = sign_in(house, "both").get("/counts")
    assert (answer.status_code, answer.location) == (302, "/counts?country=GTM")


def test_a_month_that_is_none_or_has_not_begun_is_not_there(house):
    regional = sign_in(house, "regional")
    for month in ("2026", "2026-13", "2026-00", "26-03", "marzo", "0001-01", "9999-12", "2026-3"):
        assert regional.get_json(f"/counts.json?month={month}").status_code == 404, month
        assert regional.get(f"/counts?month={month}").status_code == 404, month


def test_an_open_month_has_no_revision_but_the_present_one(house):
    regional = sign_in(house, "regional")
    found = {
        said: regional.get_json(f"/counts.json?revision={said}").status_code
        for said in ("0", "1", "x")
    }
    assert found == {"0": 200, "1": 404, "x": 404}


def test_figures_are_compared_with_the_month_or_the_year_before_and_with_nothing_else(house):
    regional = sign_in(house, "regional")
    for said in ("month", "year", ""):
        assert regional.get_json(f"/counts.json?compare={said}").status_code == 200, said
        assert regional.get(f"/counts?compare={said}").status_code == 200, said
    for said in ("week", "Year", "year%20", "2025-03", "%00", "x" * 3000):
        assert regional.get_json(f"/counts.json?compare={said}").status_code == 404, said
        assert regional.get(f"/counts?compare={said}").status_code == 404, said


def test_a_supervisor_who_is_led_on_keeps_the_month_and_the_comparison(house):
    answer = sign_in(house, "both").get("/counts?month=2026-03&compare=year")
    assert answer.location == "/counts?country=GTM&month=2026-03&compare=year"


def entries() -> list[tuple[str, str]]:
    trail = AuditEntry.__table__
    read = select(trail.c.subject, trail.c.country).where(trail.c.act == "figures_read")
    found = [(row[0], row[1]) for row in db.session.execute(read.order_by(trail.c.number))]
    db.session.rollback()
    return found


def test_opening_figures_leaves_one_entry_and_a_refusal_none(house):
    boss = sign_in(house, "boss")

    def look() -> None:
        with clock.frozen_at(at("2026-11-20 12:00")):
            for _ in range(2):
                boss.client.get("/counts.json?country=HND&month=2026-03", headers=JSON)
            boss.client.get("/counts?country=HND&desk=HND-01&month=2026-03")
            boss.client.get("/counts.json?country=GTM&month=2026-03", headers=JSON)

    sign_in_then(house, look, boss)
    assert entries() == [("figures:HND:2026-03", "HND"), ("figures:HND-01:2026-03", "HND")]


def sign_in_then(app, look, browser) -> None:
    """Looks while the clock stands, with a session of that moment."""

    def enter() -> None:
        with clock.frozen_at(at("2026-11-20 12:00")):
            token = browser.client.get("/sync/token").get_json()["csrf_token"]
            said = {"username": "boss", "password": "a-long-test-phrase"}
            browser.client.post("/sign-in", json=said, headers={"X-CSRFToken": token, **JSON})

    in_new_context(enter)
    in_new_context(look)
