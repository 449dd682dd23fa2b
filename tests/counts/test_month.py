"""Which month a consultation belongs to, which is shown first, and how complete a month is."""

from datetime import date

import pytest

from app import clock
from app.consultations.actions.recording import record
from app.consultations.schemas.bodies import parse_consultation
from app.db.session import db, unit_of_work
from app.web.outcomes import Invalid
from tests.factories.records import (
    JSON,
    at,
    consultation_json,
    in_new_context,
    make_account,
    make_consultation,
    make_desk,
    sign_in,
)

pytestmark = pytest.mark.both_databases

MONTH_TURN = at("2026-04-01 04:30")
"""22:30 of 31 March in Honduras, 01:30 of 1 April in Suriname."""


def get_at_month_turn(app, username, address):
    """Return the answer that the account gets at the turn of the month."""

    def get():
        with clock.frozen_at(MONTH_TURN):
            return sign_in(app, username).client.get(address, headers=JSON)

    return in_new_context(get)


@pytest.fixture
def two_time_zones(app):
    west, east = make_desk(), make_desk("SUR-01", "SUR")
    clerk = make_account("clerk", "desk_staff", (west, east))
    make_account("regional", "regional")
    return app, clerk


def test_a_consultation_counts_in_the_month_of_its_own_desk(two_time_zones):
    app, clerk = two_time_zones
    with clock.frozen_at(MONTH_TURN):
        make_consultation(clerk, held_on="2026-03-31")
        make_consultation(clerk, "SUR-01", held_on="2026-04-01")
    for country, march, april in (("HND", 1, None), ("SUR", 0, 1)):
        answer = get_at_month_turn(app, "regional", f"/counts.json?country={country}&month=2026-03")
        assert answer.get_json()["reached"]["low"] == march
        answer = get_at_month_turn(app, "regional", f"/counts.json?country={country}&month=2026-04")
        assert answer.status_code == (404 if april is None else 200)
        assert april is None or answer.get_json()["reached"]["low"] == april


def test_a_day_that_has_begun_elsewhere_alone_is_in_the_future(two_time_zones):
    _, clerk = two_time_zones
    with clock.frozen_at(MONTH_TURN), unit_of_work():
        content = consultation_json("HND-01", held_on="2026-04-01")
        outcome = record(db.session(), clerk, parse_consultation(content))
    assert isinstance(outcome, Invalid)
    assert [(p.field, p.code) for p in outcome.errors] == [("held_on", "in_future")]


def test_the_month_shown_first_is_the_one_of_the_country(two_time_zones):
    app, _ = two_time_zones
    months = {
        country: get_at_month_turn(app, "regional", f"/counts.json?country={country}").get_json()[
            "month"
        ]
        for country in ("HND", "SUR", "")
    }
    assert months == {"HND": "2026-03", "SUR": "2026-04", "": "2026-04"}


def test_a_desk_is_expected_when_it_is_open_on_the_last_day_and_silent_without_a_record(app):
    reporting_desk = make_desk("HND-01")
    make_desk("HND-02")
    make_desk("HND-03", closed_on=date(2026, 3, 30))
    make_desk("HND-04", closed_on=date(2026, 3, 31))
    make_desk("HND-05", opened_on=date(2026, 4, 1))
    clerk = make_account("ana", "desk_staff", (reporting_desk,))
    make_account("regional", "regional")
    with clock.frozen_at(at("2026-04-02 12:00")):
        make_consultation(clerk, held_on="2026-03-15")
        make_consultation(clerk, held_on="2026-04-02")
    body = sign_in(app, "regional").get_json("/counts.json?country=HND&month=2026-03").get_json()
    complete = {"desks_expected": 3, "desks_reported": 1, "waiting_on_tablets": 0}
    assert body["completeness"] == complete


def test_a_voided_consultation_and_a_refusal_reach_nobody(app):
    desk = make_desk()
    clerk = make_account("ana", "desk_staff", (desk,))
    month = str(clock.today_at("America/Mexico_City"))[:7]
    make_account("regional", "regional")
    ana = sign_in(app, "ana")
    voided = make_consultation(clerk)
    ana.post(f"/consultations/{voided['id']}/void", {"version": 1, "reason": "slip"})
    with unit_of_work():
        tally = {k: consultation_json()[k] for k in ("id", "desk", "held_on")}
        record(
            db.session(),
            clerk,
            parse_consultation({**tally, "outcomes": ["person_declined_record"]}),
        )
    body = ana.get_json(f"/counts.json?month={month}").get_json()
    assert (body["consultations"], body["tallies"]) == (1, 1)
    assert (body["persons_in_consultations"], body["reached"]["high"]) == (0, 0)
