"""Every field that reads a day, a month or a moment answers the first and last possible without a server fault."""

from itertools import count
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.db.session import unit_of_work
from app.places.vocabulary import areas
from tests.counts.histories import print_cards
from tests.factories.records import JSON, Browser, consultation_json, make_consultation
from tests.factories.returns import return_json
from tests.factories.shelters import referral_json
from tests.factories.two_country_world import TwoCountryWorld
from tests.sync.tablet import Tablet, make_tablet

YEARS = ("0000", "0001", "0002", "1899", "1900", "9998", "9999", "10000", "-001")
DAYS = st.builds(
    "{}-{}-{}".format,
    st.sampled_from(YEARS),
    st.sampled_from(("01", "02", "12", "13")),
    st.sampled_from(("01", "28", "29", "31")),
)
OFFSETS = ("", "Z", "+00:00", "+14:00", "-12:00", "+23:59", "-23:59", "+24:00")
MOMENTS = st.builds(
    "{}T{}{}".format, DAYS, st.sampled_from(("00:00:00", "23:59:59")), st.sampled_from(OFFSETS)
)
MONTHS = st.builds(
    "{}-{}".format, st.sampled_from(YEARS), st.sampled_from(("01", "02", "06", "11", "12"))
)
FEW_EXAMPLES = settings(
    max_examples=25,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def tablet(app: Flask, world: TwoCountryWorld) -> Tablet:
    return make_tablet(app, world.accounts["adela"], world.desks["HND-01"])


@ON_SQLITE
@FEW_EXAMPLES
@given(moment=MOMENTS | DAYS)
@example(moment="0001-01-01T00:00:00+14:00")
@example(moment="9999-12-31T23:59:59-12:00")
def test_a_tablets_moments(world: TwoCountryWorld, tablet: Tablet, moment: str) -> None:
    report = {"oldest_at": moment, "waiting": 1}
    assert tablet.post("/sync/contact", report).status_code == 200
    assert world["susana"].get("/devices").status_code == 200
    notice = {"kind": "referral", "author": "ana", "device": tablet.enrolment["device"]}
    content = {**referral_json(), **notice, "written_at": moment}
    assert tablet.result(content) == "quarantined"
    consultation = consultation_json(held_on=moment[:10])
    record = {
        **consultation,
        "kind": "consultation",
        "author": "ana",
        "device": tablet.enrolment["device"],
    }
    assert tablet.result(record) == "quarantined"


@ON_SQLITE
@FEW_EXAMPLES
@given(day=DAYS)
@example(day="9999-12-31")
@example(day="0001-01-01")
def test_days_that_people_send(world: TwoCountryWorld, day: str) -> None:
    ana, adela, card = world["ana"], world["adela"], card_of(world)
    answers = [
        ana.post("/consultations", consultation_json(held_on=day)),
        ana.post("/cards/lookup", {"card": card, "desk": "HND-01", "held_on": day}),
        ana.get(f"/today?day={day}"),
        ana.post("/returns", {**return_json(), "asked_on": day, "consented_on": day}),
        adela.post_form("/desks/new", desk_form(f"HND-{next(numbers)}", opened_on=day)),
        adela.post_form("/desks/HND-02/close", {"version": "1", "closed_on": day}),
        adela.get("/desks"),
        adela.get("/desks/HND-02"),
        adela.get("/devices"),
        ana.get("/consultations/new"),
    ]
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []


numbers = count(100)


def card_of(world: TwoCountryWorld) -> str:
    with unit_of_work():
        return print_cards(world.accounts["ana"], "HND-01", 1)[0]


def desk_form(code: str, **changes: Any) -> dict[str, Any]:
    area = next(a.pcode for a in areas().values() if a.country == "HND")
    defaults = {"code": code, "name": "Desk", "country": "HND", "adm1": area, "time_zone": ""}
    return {**defaults, "organisation": "-", "modality": "informational", **changes}


@ON_SQLITE
@FEW_EXAMPLES
@given(month=MONTHS)
@example(month="9999-12")
@example(month="0001-01")
def test_months_that_people_ask_for(world: TwoCountryWorld, month: str) -> None:
    for name in ("rita", "susana"):
        answers = [
            get_status(world[name], path)
            for path in (f"/counts?month={month}", f"/counts.json?month={month}")
        ]
        assert max(answers) < 500


def get_status(browser: Browser, path: str) -> int:
    return int(browser.get(path, headers=JSON).status_code)


@ON_SQLITE
def test_a_correction_to_an_extreme_day_is_refused(world: TwoCountryWorld) -> None:
    record = make_consultation(world.accounts["ana"])
    for day in ("9999-12-31", "0001-01-01", "1900-01-01"):
        path = f"/consultations/{record['id']}/correct"
        change = {**record, "held_on": day, "version": 1, "reason": "slip"}
        assert world["ana"].post(path, change).status_code == 422
