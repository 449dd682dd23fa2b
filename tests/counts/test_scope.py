"""Who sees which figures, and that looking at them leaves one entry."""

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.base import clock
from app.base.database import db
from app.base.month import Month
from tests.builders import JSON, alone, at, make_account, make_consultation, make_desk, sign_in


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
    return str(Month.of(clock.today_at("America/Mexico_City")))


@pytest.mark.parametrize(
    ("who", "address", "status", "reached"),
    [
        ("ana", "", 200, 1),
        ("ana", "country=HND", 200, 1),
        ("ana", "desk=HND-01", 200, 1),
        ("ana", "desk=HND-02", 404, None),
        ("ana", "country=GTM", 404, None),
        ("ana", "country=GTM&desk=HND-01", 404, None),
        ("boss", "", 403, None),
        ("boss", "country=HND", 200, 2),
        ("boss", "country=HND&desk=HND-02", 200, 1),
        ("boss", "desk=HND-02", 200, 1),
        ("boss", "country=GTM", 404, None),
        ("boss", "desk=GTM-01", 404, None),
        ("boss", "country=HND&desk=GTM-01", 404, None),
        ("both", "country=GTM", 200, 1),
        ("regional", "", 200, 3),
        ("regional", "country=HND", 200, 2),
        ("regional", "country=HND&desk=HND-01", 404, None),
        ("regional", "desk=HND-01", 404, None),
        ("regional", "country=XYZ", 404, None),
        ("regional", "country=FRA", 404, None),
        ("admin", "", 403, None),
        ("shelter", "", 403, None),
    ],
)
def test_an_account_reads_the_figures_of_its_scope_alone(house, who, address, status, reached):
    month = month_of_today()
    answer = sign_in(house, who).get_json(f"/counts.json?month={month}&{address}")
    assert answer.status_code == status
    if reached is not None:
        assert answer.get_json()["reached"]["low"] == reached
    assert sign_in(house, who).get(f"/counts?month={month}&{address}").status_code == (
        302 if status == 403 and who == "boss" else status
    )


def test_without_a_session_there_are_no_figures(house):
    assert alone(house.test_client().get, "/counts.json").status_code == 401


def test_a_desk_officer_sees_the_figures_narrowed_to_the_desk(house):
    said = sign_in(house, "ana").get_json("/counts.json").get_json()
    assert (said["country"], said["desk"], said["by"]["desk"]) == ("HND", "HND-01", {"HND-01": 1})


def test_a_supervisor_without_a_country_is_led_to_the_first_of_theirs(house):
    answer = sign_in(house, "both").get("/counts")
    assert (answer.status_code, answer.location) == (302, "/counts?country=GTM")


@pytest.mark.parametrize(
    "month",
    ["2026", "2026-13", "2026-00", "26-03", "marzo", "0001-01", "9999-12", "2026-3", "２０２６-03"],
)
def test_a_month_that_is_none_or_has_not_begun_is_not_there(house, month):
    regional = sign_in(house, "regional")
    assert regional.get_json(f"/counts.json?month={month}").status_code == 404
    assert regional.get(f"/counts?month={month}").status_code == 404


@pytest.mark.parametrize(("revision", "status"), [("0", 200), ("1", 404), ("x", 404)])
def test_an_open_month_has_no_revision_but_the_present_one(house, revision, status):
    answer = sign_in(house, "regional").get_json(f"/counts.json?revision={revision}")
    assert answer.status_code == status


def entries() -> list[tuple[str, str]]:
    trail = AuditEntry.__table__
    read = select(trail.c.subject, trail.c.country).where(trail.c.act == "figures_read")
    found = [(row[0], row[1]) for row in db.session.execute(read.order_by(trail.c.number))]
    db.session.rollback()
    return found


def test_opening_figures_leaves_one_entry_and_a_refusal_none(house):
    boss = sign_in(house, "boss")

    def look() -> None:
        with clock.standing_at(at("2026-11-20 12:00")):
            for _ in range(2):
                boss.client.get("/counts.json?country=HND&month=2026-03", headers=JSON)
            boss.client.get("/counts?country=HND&desk=HND-01&month=2026-03")
            boss.client.get("/counts.json?country=GTM&month=2026-03", headers=JSON)

    sign_in_then(house, look, boss)
    assert entries() == [("figures:HND:2026-03", "HND"), ("figures:HND-01:2026-03", "HND")]


def sign_in_then(app, look, browser) -> None:
    """Looks while the clock stands, with a session of that moment."""

    def enter() -> None:
        with clock.standing_at(at("2026-11-20 12:00")):
            token = browser.client.get("/sync/token").get_json()["csrf_token"]
            said = {"username": "boss", "password": "a-long-test-phrase"}
            browser.client.post("/sign-in", json=said, headers={"X-CSRFToken": token, **JSON})

    alone(enter)
    alone(look)
