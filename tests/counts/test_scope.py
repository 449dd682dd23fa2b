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
def populated_app(app):
    first, second, abroad = make_desk(), make_desk("HND-02"), make_desk("GTM-01", "GTM")
    clerks = (
        make_account("ana", "desk_staff", (first,)),
        make_account("rosa", "desk_staff", (second,)),
    )
    abroad_clerk = make_account("lejos", "desk_staff", (abroad,))
    make_account("boss", "supervisor", countries=("HND",))
    make_account("both", "supervisor", countries=("HND", "GTM"))
    make_account("regional", "regional")
    make_account("admin", "admin")
    make_account("shelter", "shelter_coordinator")
    make_consultation(clerks[0])
    make_consultation(clerks[1], "HND-02")
    make_consultation(abroad_clerk, "GTM-01")
    return app


def month_of_today() -> str:
    return str(Month.containing(clock.today_at("America/Mexico_City")))


EXPECTED: dict[str, dict[str, int]] = {
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
"""By account and address, the persons reached that are shown; 403 and 404 are refusals."""


@pytest.mark.parametrize("username", EXPECTED)
def test_an_account_reads_the_figures_of_its_scope_alone(populated_app, username):
    browser, month = sign_in(populated_app, username), month_of_today()
    for address, expected in EXPECTED[username].items():
        answer = browser.get_json(f"/counts.json?month={month}&{address}")
        status = expected if expected in (403, 404) else 200
        is_redirected = status == 403 and username in ("boss", "both")
        page = browser.get(f"/counts?month={month}&{address}")
        assert (answer.status_code, page.status_code) == (
            status,
            302 if is_redirected else status,
        ), address
        if status == 200:
            assert answer.get_json()["reached"]["low"] == expected, address


def test_without_a_session_there_are_no_figures(populated_app):
    assert in_new_context(populated_app.test_client().get, "/counts.json").status_code == 401


def test_a_desk_officer_sees_the_figures_narrowed_to_the_desk(populated_app):
    body = sign_in(populated_app, "ana").get_json("/counts.json").get_json()
    assert (body["country"], body["desk"], body["by"]["desk"]) == ("HND", "HND-01", {"HND-01": 1})


def test_a_supervisor_without_a_country_is_redirected_to_the_first_of_theirs(populated_app):
    answer = sign_in(populated_app, "both").get("/counts")
    assert (answer.status_code, answer.location) == (302, "/counts?country=GTM")


def test_a_month_that_is_none_or_has_not_begun_is_not_there(populated_app):
    regional = sign_in(populated_app, "regional")
    for month in ("2026", "2026-13", "2026-00", "26-03", "marzo", "0001-01", "9999-12", "2026-3"):
        assert regional.get_json(f"/counts.json?month={month}").status_code == 404, month
        assert regional.get(f"/counts?month={month}").status_code == 404, month


def test_an_open_month_has_no_revision_but_the_present_one(populated_app):
    regional = sign_in(populated_app, "regional")
    statuses = {
        revision: regional.get_json(f"/counts.json?revision={revision}").status_code
        for revision in ("0", "1", "x")
    }
    assert statuses == {"0": 200, "1": 404, "x": 404}


def test_figures_are_compared_with_the_month_or_the_year_before_and_with_nothing_else(
    populated_app,
):
    regional = sign_in(populated_app, "regional")
    for comparison in ("month", "year", ""):
        assert regional.get_json(f"/counts.json?compare={comparison}").status_code == 200, (
            comparison
        )
        assert regional.get(f"/counts?compare={comparison}").status_code == 200, comparison
    for comparison in ("week", "Year", "year%20", "2025-03", "%00", "x" * 3000):
        assert regional.get_json(f"/counts.json?compare={comparison}").status_code == 404, (
            comparison
        )
        assert regional.get(f"/counts?compare={comparison}").status_code == 404, comparison


def test_a_supervisor_who_is_redirected_keeps_the_month_and_the_comparison(populated_app):
    answer = sign_in(populated_app, "both").get("/counts?month=2026-03&compare=year")
    assert answer.location == "/counts?country=GTM&month=2026-03&compare=year"


def list_figure_reads() -> list[tuple[str, str]]:
    entries = AuditEntry.__table__
    reads = select(entries.c.subject, entries.c.country).where(entries.c.action == "figures_read")
    rows = [(row[0], row[1]) for row in db.session.execute(reads.order_by(entries.c.number))]
    db.session.rollback()
    return rows


def test_opening_figures_leaves_one_entry_and_a_refusal_none(populated_app):
    boss = sign_in(populated_app, "boss")

    def look() -> None:
        with clock.frozen_at(at("2026-11-20 12:00")):
            for _ in range(2):
                boss.client.get("/counts.json?country=HND&month=2026-03", headers=JSON)
            boss.client.get("/counts?country=HND&desk=HND-01&month=2026-03")
            boss.client.get("/counts.json?country=GTM&month=2026-03", headers=JSON)

    run_signed_in(populated_app, look, boss)
    assert list_figure_reads() == [
        ("figures:HND:2026-03", "HND"),
        ("figures:HND-01:2026-03", "HND"),
    ]


def run_signed_in(app, look, browser) -> None:
    """Run `look` while the clock stands, with a session of that moment."""

    def sign_in_boss() -> None:
        with clock.frozen_at(at("2026-11-20 12:00")):
            token = browser.client.get("/sync/token").get_json()["csrf_token"]
            credentials = {"username": "boss", "password": "a-long-test-phrase"}
            browser.client.post(
                "/sign-in", json=credentials, headers={"X-CSRFToken": token, **JSON}
            )

    in_new_context(sign_in_boss)
    in_new_context(look)
