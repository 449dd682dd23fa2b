"""Figures of voluntary return equal a count by hand: each departure once, in the month at the desk."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from statistics import median
from typing import Any
from uuid import uuid4

import pytest

from app import clock
from app.composition import PersonCount
from app.counts import forms
from app.counts.queries.figures import get_figures, to_json
from app.db.session import db, unit_of_work
from app.places.queries import DeskRow
from app.returns.actions import stop_resume_close
from app.returns.actions.create import open_request
from app.returns.actions.record_stage import StepInput, record_stage
from app.returns.queries.requests import RequestRow
from app.returns.rules.new_request import ReturnOrigin, ReturnRequestData
from app.web.access import Principal, Scope
from app.web.outcomes import Accepted
from tests.factories.records import JSON, at, in_new_context, make_account, make_desk, sign_in
from tests.server import ROUNDS

pytestmark = pytest.mark.both_databases

SPLITS = ("sex", "age_band", "nationality", "transport_mode")
KEYS = {
    "opened", "withdrawn", "handed_over", "departed_persons", "departed", "children_alone",
    "median_days_consent_to_departure",
}  # fmt: skip
MONTHS = ("2026-02", "2026-03", "2026-04", "2026-05")
WOMAN, CHILD = PersonCount("female", "age_25_59", 1), PersonCount("male", "age_12_17", 1)
GROUPS = (
    (WOMAN,),
    (WOMAN, PersonCount("female", "age_0_4", 2)),
    (CHILD,),
    (PersonCount("male", "age_18_24", 3),),
)
READ_TEXT = {"language": "spa", "text_version": "2026-1"}
CHECK = {"free_choice": "yes", "informed_decision": "yes", "signs": [], "text_version": "2026-1"}
STEPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("counselling", {"explained": ["asylum"], **READ_TEXT}),
    (
        "consent_recorded",
        {"options_explained": True, "own_decision": True, "may_withdraw": True, **READ_TEXT},
    ),
    ("voluntariness_vulnerability_check", CHECK),
    ("best_interests_process", {"authority": "family_court", "decision": "yes"}),
    ("handed_to_iom", {}),
    ("approved", {}),
    ("travel_documents", {}),
    ("fit_to_travel", {"fit": "yes"}),
    ("travel_arranged", {}),
    ("departed", {}),
    ("arrived", {}),
)
N_DESK_STEPS = 5


@dataclass
class ReturnModel:
    """The expected state of one request; days are those at its desk."""

    request: RequestRow
    desk: DeskRow
    persons: tuple[PersonCount, ...]
    days: dict[str, date] = field(default_factory=dict)
    transport_mode: str = ""
    departed_persons: tuple[PersonCount, ...] = ()
    closing_reason: str = ""

    @property
    def is_alone(self) -> bool:
        return self.persons == (CHILD,)

    def counts_in(self, event: str, month: str) -> bool:
        is_counted = self.closing_reason not in (
            ("duplicate", "removed_by_authority") if event == "departed" else ("duplicate",)
        )
        return is_counted and event in self.days and f"{self.days[event]:%Y-%m}" == month


class ReturnWorld:
    """Desks in two time zones, their staff, the expected requests; the clock only goes forward."""

    def __init__(self, seed: int) -> None:
        self.rng, self.now = Random(seed), at("2026-02-20 12:00")
        zones = {"HND": "America/Tegucigalpa", "MEX": "America/Tijuana"}
        self.desks = [make_desk(f"{code}-01", code, time_zone=zone) for code, zone in zones.items()]
        self.desks.append(make_desk("HND-02", time_zone=zones["HND"]))
        self.clerk = make_account("ana", "desk_staff", tuple(self.desks))
        self.boss = make_account("boss", "supervisor", countries=("HND", "MEX"))
        self.requests: list[ReturnModel] = []

    def run(self, call: Any, principal: Principal, *arguments: Any) -> Any:
        with clock.frozen_at(self.now), unit_of_work():
            return call(db.session(), principal, *arguments)

    def today(self, desk: DeskRow) -> date:
        return clock.day_at(self.now, desk.time_zone)

    def open_request(self, desk: DeskRow, persons: tuple[PersonCount, ...]) -> ReturnModel:
        nationality = self.rng.choice(("NIC", "VEN", "HND"))
        request_data = ReturnRequestData(
            str(uuid4()), desk.code, "", desk.country, "NIC", nationality, persons, False
        )
        intake = self.run(open_request, self.clerk, desk, request_data, ReturnOrigin())
        assert isinstance(intake, Accepted), intake
        model = ReturnModel(intake.value.request, desk, persons, {"opened": self.today(desk)})
        self.requests.append(model)
        return model

    def step(self, model: ReturnModel, stage: str, answers: dict[str, Any]) -> None:
        principal = self.clerk if stage in [name for name, _ in STEPS[:N_DESK_STEPS]] else self.boss
        result = self.run(
            record_stage, principal, model.request.reference, stage, StepInput(answers)
        )
        assert isinstance(result, Accepted), (stage, result)
        if stage in ("consent_recorded", "handed_to_iom"):
            model.days.setdefault(stage, self.today(model.desk))

    def close(self, model: ReturnModel, reason: str) -> None:
        step_input = StepInput({"reason": reason})
        result = self.run(stop_resume_close.close, self.boss, model.request.reference, step_input)
        assert isinstance(result, Accepted), result
        model.closing_reason = reason

    def depart(self, model: ReturnModel, on: date) -> None:
        departing = (
            model.persons
            if self.rng.random() < 0.7
            else (WOMAN,)
            if WOMAN in model.persons
            else model.persons
        )
        persons = [[count.sex, count.age_band, count.n] for count in departing]
        self.step(model, "departed", {"departed_on": on.isoformat(), "persons": persons})
        model.days["departed"], model.departed_persons = on, departing

    def run_random_request(self) -> None:
        """Run one request from its opening to a random end, over some weeks."""
        model, end_luck = (
            self.open_request(self.rng.choice(self.desks), self.rng.choice(GROUPS)),
            self.rng.random(),
        )
        for stage, answers in STEPS:
            wait = (1, 5) if stage == "departed" else (1, 5, 30, 70, 150)
            self.now += timedelta(hours=self.rng.choice(wait))
            if end_luck < 0.5 and self.rng.random() < 0.12:
                self.end_early(model)
                return
            if stage == "departed":
                self.depart(model, self.today(model.desk))
            elif stage == "travel_arranged":
                model.transport_mode = self.rng.choice(("land", "air"))
                today = self.today(model.desk).isoformat()
                self.step(
                    model, stage, {"transport_mode": model.transport_mode, "reconfirmed_on": today}
                )
            elif stage != "best_interests_process" or model.is_alone:
                self.step(model, stage, answers)
        if end_luck < 0.7:
            self.close(model, self.rng.choice(("returned", "removed_by_authority", "duplicate")))

    def end_early(self, model: ReturnModel) -> None:
        if "departed" not in model.days and self.rng.random() < 0.5:
            result = self.run(stop_resume_close.withdraw, self.clerk, model.request.reference)
            assert isinstance(result, Accepted)
            model.closing_reason, model.days["withdrawn"] = "withdrew", self.today(model.desk)
        else:
            self.close(
                model, self.rng.choice(("lost_contact", "duplicate", "removed_by_authority"))
            )


def expected_figures(requests: list[ReturnModel], month: str) -> dict[str, Any]:
    """Return the exact figures, counted by hand."""
    departures = [model for model in requests if model.counts_in("departed", month)]
    counters: dict[str, Counter[str]] = {name: Counter() for name in SPLITS}
    for model in departures:
        for count in model.departed_persons:
            keys = (count.sex, count.age_band, model.request.nationality, model.transport_mode)
            for name, key in zip(SPLITS, keys, strict=True):
                counters[name][key] += count.n
    waiting_days = [
        (model.days["departed"] - model.days["consent_recorded"]).days for model in departures
    ]
    return {
        "opened": sum(model.counts_in("opened", month) for model in requests),
        "withdrawn": sum(model.counts_in("withdrawn", month) for model in requests),
        "handed_over": sum(model.counts_in("handed_to_iom", month) for model in requests),
        "departed_persons": sum(
            count.n for model in departures for count in model.departed_persons
        ),
        "departed": {name: dict(sorted(counter.items())) for name, counter in counters.items()},
        "children_alone": sum(
            count.n for model in departures if model.is_alone for count in model.departed_persons
        ),
        "median_days_consent_to_departure": median(waiting_days) if waiting_days else None,
    }


def read_figures(scope: Scope, now: datetime, **parameters: str) -> dict[str, Any]:
    """Return the figures of returns as the JSON shows them."""
    with clock.frozen_at(now):
        query = forms.read_query(scope, parameters, 1)
        assert not isinstance(query, int), (query, parameters)
        all_figures, _, _ = get_figures(db.session(), scope, query)
        db.session.rollback()
    figures = dict(to_json(all_figures)["returns"])
    assert figures.keys() == KEYS
    return figures


@pytest.mark.parametrize("seed", range(1, 1 + ROUNDS))
def test_figures_are_those_counted_by_hand(app, seed):
    world = ReturnWorld(seed)
    for _ in range(14):
        world.run_random_request()
        world.now = at("2026-02-20 12:00") + timedelta(days=world.rng.randint(0, 20))
    world.now = at("2026-05-20 12:00")
    totals: Counter[str] = Counter()
    for month in MONTHS:
        for country in ("HND", "MEX"):
            of_country = [model for model in world.requests if model.desk.country == country]
            expected = expected_figures(of_country, month)
            assert (
                read_figures(world.boss.scope, world.now, month=month, country=country) == expected
            )
            totals.update({name: n for name, n in expected.items() if isinstance(n, int)})
        for desk in world.desks:
            expected = expected_figures(
                [model for model in world.requests if model.desk == desk], month
            )
            figures = read_figures(world.boss.scope, world.now, month=month, desk=desk.code)
            assert figures == expected | {"children_alone": None}
    assert all(totals[name] for name in ("opened", "handed_over", "departed_persons"))


def depart_woman(world: ReturnWorld, desk: DeskRow, moment: str) -> ReturnModel:
    """Return a request of a woman who departs at a moment, all her steps in the hours before."""
    world.now = at(moment) - timedelta(hours=3)
    model = world.open_request(desk, (WOMAN,))
    for stage, answers in STEPS[:8]:
        if stage != "best_interests_process":
            world.step(model, stage, answers)
    today = world.today(desk).isoformat()
    model.transport_mode = "land"
    world.step(model, "travel_arranged", {"transport_mode": "land", "reconfirmed_on": today})
    world.now = at(moment)
    world.depart(model, world.today(desk))
    return model


def test_a_departure_counts_in_the_month_of_its_day_at_the_desk(app):
    world = ReturnWorld(1)
    hnd, mex, _ = world.desks
    # Both leave at ten to midnight of the 31st of March: in Tegucigalpa, and in Tijuana.
    depart_woman(world, hnd, "2026-04-01 05:50")
    depart_woman(world, mex, "2026-04-01 06:50")
    depart_woman(world, hnd, "2026-04-01 06:10")
    figures = {
        (country, month): read_figures(
            world.boss.scope, at("2026-04-03 12:00"), month=month, country=country
        )
        for country in ("HND", "MEX")
        for month in ("2026-03", "2026-04")
    }
    assert {key: of_month["departed_persons"] for key, of_month in figures.items()} == {
        ("HND", "2026-03"): 1,
        ("HND", "2026-04"): 1,
        ("MEX", "2026-03"): 1,
        ("MEX", "2026-04"): 0,
    }


def test_a_correction_moves_a_departure_to_another_month_and_a_removal_or_duplicate_takes_it_out(
    app,
):
    world = ReturnWorld(1)
    model = depart_woman(world, world.desks[0], "2026-04-01 06:10")

    def figures() -> dict[str, dict[str, Any]]:
        return {
            month: read_figures(world.boss.scope, world.now, month=month, country="HND")
            for month in MONTHS[:3]
        }

    def departed_persons() -> list[int]:
        return [each["departed_persons"] for each in figures().values()]

    assert departed_persons() == [0, 0, 1]
    world.step(
        model, "departed", {"departed_on": "2026-03-31", "persons": [["female", "age_25_59", 1]]}
    )
    assert departed_persons() == [0, 1, 0]
    world.step(
        model, "departed", {"departed_on": "2026-04-01", "persons": [["female", "age_25_59", 1]]}
    )
    assert departed_persons() == [0, 0, 1]
    assert figures()["2026-04"]["departed"]["transport_mode"] == {"land": 1}
    world.step(model, "travel_arranged", {"transport_mode": "air"})
    assert figures()["2026-04"]["departed"]["transport_mode"] == {"air": 1}
    world.close(model, "removed_by_authority")
    assert departed_persons() == [0, 0, 0]
    assert [each["handed_over"] for each in figures().values()] == [0, 1, 0]
    world.close(model, "duplicate")
    assert [each["opened"] + each["handed_over"] for each in figures().values()] == [0, 0, 0]


def test_only_the_own_supervisor_reads_small_figures(app):
    world = ReturnWorld(1)
    hnd, mex, _ = world.desks
    depart_woman(world, hnd, "2026-03-10 18:00")
    for _ in range(12):
        world.now = at("2026-03-11 18:00")
        depart_woman(world, mex, "2026-03-11 18:00")
    make_account("eva", "supervisor", countries=("HND",))
    make_account("regional", "regional")
    exact, page = read_json_and_page(app, "eva", "country=HND")
    assert (exact["opened"], exact["departed_persons"], exact["children_alone"]) == (1, 1, 0)
    assert exact["departed"]["nationality"].keys() <= {"NIC", "VEN", "HND"}
    assert "fewer than" not in page
    for username, address in (("ana", "desk=HND-01"), ("regional", "country=HND")):
        hidden, page = read_json_and_page(app, username, address)
        assert hidden == {
            **dict.fromkeys(("opened", "handed_over", "departed_persons", "children_alone")),
            "withdrawn": 0,
            "departed": dict.fromkeys(SPLITS),
            "median_days_consent_to_departure": None,
        }
        assert page.count("fewer than 11") == 3
        assert page.count("not shown") >= 2
    large, _ = read_json_and_page(app, "regional", "country=MEX")
    assert (large["opened"], large["departed_persons"], large["children_alone"]) == (12, 12, None)
    assert large["departed"] == dict.fromkeys(SPLITS)
    assert large["median_days_consent_to_departure"] == 0
    programme, page = read_json_and_page(app, "regional", "")
    assert (programme["opened"], programme["withdrawn"], programme["departed"]["sex"]) == (
        None,
        0,
        None,
    )
    assert "fewer than" not in page
    command = ["counts", "show", "--month", "2026-03", "--country", "HND", "--format", "table"]
    table = app.test_cli_runner().invoke(args=command).output
    assert "requests handed over" in table


def read_json_and_page(app: Any, username: str, address: str) -> tuple[dict[str, Any], str]:
    """Return an account's figures of March as JSON, and its page in English."""

    def get() -> tuple[dict[str, Any], str]:
        with clock.frozen_at(at("2026-03-20 18:00")):
            browser = sign_in(app, username)
            parameters = f"month=2026-03&{address}"
            json = browser.client.get(f"/counts.json?{parameters}", headers=JSON).get_json()
            page = browser.client.get(f"/counts?{parameters}", headers={"Accept-Language": "en"})
            return json["returns"], page.get_data(as_text=True)

    return in_new_context(get)
