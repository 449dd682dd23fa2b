"""Figures of voluntary return: the same as told by hand, each departure once, in the month at the desk."""

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
from app.returns.actions.create import ReturnIntake, open_request
from app.returns.actions.record_stage import StepInput, record_stage
from app.returns.queries.requests import RequestRow
from app.returns.rules.new_request import ReturnOrigin, ReturnRequestData
from app.web.access import Principal, Scope
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
READ = {"language": "spa", "text_version": "2026-1"}
CHECKED = {"free_choice": "yes", "informed_decision": "yes", "signs": [], "text_version": "2026-1"}
WAY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("counselling", {"explained": ["asylum"], **READ}),
    (
        "consent_recorded",
        {"options_explained": True, "own_decision": True, "may_withdraw": True, **READ},
    ),
    ("voluntariness_vulnerability_check", CHECKED),
    ("best_interests_process", {"authority": "family_court", "decision": "yes"}),
    ("handed_to_iom", {}),
    ("approved", {}),
    ("travel_documents", {}),
    ("fit_to_travel", {"fit": "yes"}),
    ("travel_arranged", {}),
    ("departed", {}),
    ("arrived", {}),
)
DESKS_STEPS = 5


@dataclass
class Told:
    """What the test believes of one request; days are those at its desk."""

    request: RequestRow
    desk: DeskRow
    persons: tuple[PersonCount, ...]
    days: dict[str, date] = field(default_factory=dict)
    mode: str = ""
    departed: tuple[PersonCount, ...] = ()
    reason: str = ""

    @property
    def is_alone(self) -> bool:
        return self.persons == (CHILD,)

    def counts_in(self, what: str, month: str) -> bool:
        kept = self.reason not in (
            ("duplicate", "removed_by_authority") if what == "departed" else ("duplicate",)
        )
        return kept and what in self.days and f"{self.days[what]:%Y-%m}" == month


class World:
    """Desks in two time zones, their staff and supervisors, and what was told; the clock only goes forward."""

    def __init__(self, seed: int) -> None:
        self.draw, self.now = Random(seed), at("2026-02-20 12:00")
        zones = {"HND": "America/Tegucigalpa", "MEX": "America/Tijuana"}
        self.desks = [make_desk(f"{code}-01", code, time_zone=zone) for code, zone in zones.items()]
        self.desks.append(make_desk("HND-02", time_zone=zones["HND"]))
        self.clerk = make_account("ana", "desk_staff", tuple(self.desks))
        self.boss = make_account("boss", "supervisor", countries=("HND", "MEX"))
        self.told: list[Told] = []

    def do(self, call: Any, by: Principal, *said: Any) -> Any:
        with clock.frozen_at(self.now), unit_of_work():
            return call(db.session(), by, *said)

    def today(self, desk: DeskRow) -> date:
        return clock.day_at(self.now, desk.time_zone)

    def open(self, desk: DeskRow, persons: tuple[PersonCount, ...]) -> Told:
        nationality = self.draw.choice(("NIC", "VEN", "HND"))
        content = ReturnRequestData(
            str(uuid4()), desk.code, "", desk.country, "NIC", nationality, persons, False
        )
        opened = self.do(open_request, self.clerk, desk, content, ReturnOrigin())
        assert isinstance(opened, ReturnIntake), opened
        assert opened.request is not None
        one = Told(opened.request, desk, persons, {"opened": self.today(desk)})
        self.told.append(one)
        return one

    def step(self, one: Told, stage: str, said: dict[str, Any]) -> None:
        by = self.clerk if stage in [name for name, _ in WAY[:DESKS_STEPS]] else self.boss
        done = self.do(record_stage, by, one.request.reference, stage, StepInput(said))
        assert isinstance(done, RequestRow), (stage, done)
        if stage in ("consent_recorded", "handed_to_iom"):
            one.days.setdefault(stage, self.today(one.desk))

    def end(self, one: Told, reason: str) -> None:
        said = StepInput({"reason": reason})
        done = self.do(stop_resume_close.close, self.boss, one.request.reference, said)
        assert isinstance(done, RequestRow), done
        one.reason = reason

    def depart(self, one: Told, on: date) -> None:
        going = (
            one.persons
            if self.draw.random() < 0.7
            else (WOMAN,)
            if WOMAN in one.persons
            else one.persons
        )
        persons = [[some.sex, some.age_band, some.n] for some in going]
        self.step(one, "departed", {"departed_on": on.isoformat(), "persons": persons})
        one.days["departed"], one.departed = on, going

    def live(self) -> None:
        """One request from its opening to wherever it ends, over some weeks."""
        one, leaves = (
            self.open(self.draw.choice(self.desks), self.draw.choice(GROUPS)),
            self.draw.random(),
        )
        for stage, said in WAY:
            wait = (1, 5) if stage == "departed" else (1, 5, 30, 70, 150)
            self.now += timedelta(hours=self.draw.choice(wait))
            if leaves < 0.5 and self.draw.random() < 0.12:
                self.leave(one)
                return
            if stage == "departed":
                self.depart(one, self.today(one.desk))
            elif stage == "travel_arranged":
                one.mode = self.draw.choice(("land", "air"))
                on = self.today(one.desk).isoformat()
                self.step(one, stage, {"transport_mode": one.mode, "reconfirmed_on": on})
            elif stage != "best_interests_process" or one.is_alone:
                self.step(one, stage, said)
        if leaves < 0.7:
            self.end(one, self.draw.choice(("returned", "removed_by_authority", "duplicate")))

    def leave(self, one: Told) -> None:
        if "departed" not in one.days and self.draw.random() < 0.5:
            done = self.do(stop_resume_close.withdraw, self.clerk, one.request.reference)
            assert isinstance(done, RequestRow)
            one.reason, one.days["withdrawn"] = "withdrew", self.today(one.desk)
        else:
            self.end(one, self.draw.choice(("lost_contact", "duplicate", "removed_by_authority")))


def by_hand(told: list[Told], month: str) -> dict[str, Any]:
    """The exact figures as somebody with paper would reckon them."""
    gone = [one for one in told if one.counts_in("departed", month)]
    cells: dict[str, Counter[str]] = {name: Counter() for name in SPLITS}
    for one in gone:
        for some in one.departed:
            keys = (some.sex, some.age_band, one.request.nationality, one.mode)
            for name, key in zip(SPLITS, keys, strict=True):
                cells[name][key] += some.n
    waited = [(one.days["departed"] - one.days["consent_recorded"]).days for one in gone]
    return {
        "opened": sum(one.counts_in("opened", month) for one in told),
        "withdrawn": sum(one.counts_in("withdrawn", month) for one in told),
        "handed_over": sum(one.counts_in("handed_to_iom", month) for one in told),
        "departed_persons": sum(some.n for one in gone for some in one.departed),
        "departed": {name: dict(sorted(found.items())) for name, found in cells.items()},
        "children_alone": sum(some.n for one in gone if one.is_alone for some in one.departed),
        "median_days_consent_to_departure": median(waited) if waited else None,
    }


def shown(scope: Scope, now: datetime, **said: str) -> dict[str, Any]:
    """The figures of returns as the JSON tells them."""
    with clock.frozen_at(now):
        asked = forms.read_query(scope, said, 1)
        assert not isinstance(asked, int), (asked, said)
        figures, _, _ = get_figures(db.session(), scope, asked)
        db.session.rollback()
    found = dict(to_json(figures)["returns"])
    assert found.keys() == KEYS
    return found


@pytest.mark.parametrize("seed", range(1, 1 + ROUNDS))
def test_figures_are_those_told_by_hand(app, seed):
    world = World(seed)
    for _ in range(14):
        world.live()
        world.now = at("2026-02-20 12:00") + timedelta(days=world.draw.randint(0, 20))
    world.now = at("2026-05-20 12:00")
    seen: Counter[str] = Counter()
    for month in MONTHS:
        for country in ("HND", "MEX"):
            mine = [one for one in world.told if one.desk.country == country]
            exact = by_hand(mine, month)
            assert shown(world.boss.scope, world.now, month=month, country=country) == exact
            seen.update({name: n for name, n in exact.items() if isinstance(n, int)})
        for desk in world.desks:
            exact = by_hand([one for one in world.told if one.desk == desk], month)
            found = shown(world.boss.scope, world.now, month=month, desk=desk.code)
            assert found == exact | {"children_alone": None}
    assert all(seen[name] for name in ("opened", "handed_over", "departed_persons"))


def departed(world: World, desk: DeskRow, moment: str) -> Told:
    """A woman who departs at a moment, all her steps in the hours before."""
    world.now = at(moment) - timedelta(hours=3)
    one = world.open(desk, (WOMAN,))
    for stage, said in WAY[:8]:
        if stage != "best_interests_process":
            world.step(one, stage, said)
    on = world.today(desk).isoformat()
    one.mode = "land"
    world.step(one, "travel_arranged", {"transport_mode": "land", "reconfirmed_on": on})
    world.now = at(moment)
    world.depart(one, world.today(desk))
    return one


def test_a_departure_counts_in_the_month_of_its_day_at_the_desk(app):
    world = World(1)
    hnd, mex, _ = world.desks
    departed(world, hnd, "2026-04-01 05:50")  # ten to midnight in Tegucigalpa, the 31st of March
    departed(world, mex, "2026-04-01 06:50")  # ten to midnight in Tijuana
    departed(world, hnd, "2026-04-01 06:10")
    found = {
        (country, month): shown(
            world.boss.scope, at("2026-04-03 12:00"), month=month, country=country
        )
        for country in ("HND", "MEX")
        for month in ("2026-03", "2026-04")
    }
    assert {key: one["departed_persons"] for key, one in found.items()} == {
        ("HND", "2026-03"): 1,
        ("HND", "2026-04"): 1,
        ("MEX", "2026-03"): 1,
        ("MEX", "2026-04"): 0,
    }


def test_a_correction_moves_a_departure_to_another_month_and_a_removal_or_duplicate_takes_it_out(
    app,
):
    world = World(1)
    one = departed(world, world.desks[0], "2026-04-01 06:10")

    def figures() -> dict[str, dict[str, Any]]:
        return {
            month: shown(world.boss.scope, world.now, month=month, country="HND")
            for month in MONTHS[:3]
        }

    def gone() -> list[int]:
        return [each["departed_persons"] for each in figures().values()]

    assert gone() == [0, 0, 1]
    world.step(
        one, "departed", {"departed_on": "2026-03-31", "persons": [["female", "age_25_59", 1]]}
    )
    assert gone() == [0, 1, 0]
    world.step(
        one, "departed", {"departed_on": "2026-04-01", "persons": [["female", "age_25_59", 1]]}
    )
    assert gone() == [0, 0, 1]
    assert figures()["2026-04"]["departed"]["transport_mode"] == {"land": 1}
    world.step(one, "travel_arranged", {"transport_mode": "air"})
    assert figures()["2026-04"]["departed"]["transport_mode"] == {"air": 1}
    world.end(one, "removed_by_authority")
    assert gone() == [0, 0, 0]
    assert [each["handed_over"] for each in figures().values()] == [0, 1, 0]
    world.end(one, "duplicate")
    assert [each["opened"] + each["handed_over"] for each in figures().values()] == [0, 0, 0]


def test_only_the_own_supervisor_reads_small_figures(app):
    world = World(1)
    hnd, mex, _ = world.desks
    departed(world, hnd, "2026-03-10 18:00")
    for _ in range(12):
        world.now = at("2026-03-11 18:00")
        departed(world, mex, "2026-03-11 18:00")
    make_account("eva", "supervisor", countries=("HND",))
    make_account("regional", "regional")
    exact, page = read(app, "eva", "country=HND")
    assert (exact["opened"], exact["departed_persons"], exact["children_alone"]) == (1, 1, 0)
    assert exact["departed"]["nationality"].keys() <= {"NIC", "VEN", "HND"}
    assert "fewer than" not in page
    for username, address in (("ana", "desk=HND-01"), ("regional", "country=HND")):
        hidden, page = read(app, username, address)
        assert hidden == {
            **dict.fromkeys(("opened", "handed_over", "departed_persons", "children_alone")),
            "withdrawn": 0,
            "departed": dict.fromkeys(SPLITS),
            "median_days_consent_to_departure": None,
        }
        assert page.count("fewer than 11") == 3
        assert page.count("not shown") >= 2
    large, _ = read(app, "regional", "country=MEX")
    assert (large["opened"], large["departed_persons"], large["children_alone"]) == (12, 12, None)
    assert large["departed"] == dict.fromkeys(SPLITS)
    assert large["median_days_consent_to_departure"] == 0
    whole, page = read(app, "regional", "")
    assert (whole["opened"], whole["withdrawn"], whole["departed"]["sex"]) == (None, 0, None)
    assert "fewer than" not in page
    command = ["counts", "show", "--month", "2026-03", "--country", "HND", "--format", "table"]
    table = app.test_cli_runner().invoke(args=command).output
    assert "requests handed over" in table


def read(app: Any, username: str, address: str) -> tuple[dict[str, Any], str]:
    """An account's figures of March as JSON, and its page in English."""

    def go() -> tuple[dict[str, Any], str]:
        with clock.frozen_at(at("2026-03-20 18:00")):
            browser = sign_in(app, username)
            said = f"month=2026-03&{address}"
            json = browser.client.get(f"/counts.json?{said}", headers=JSON).get_json()
            page = browser.client.get(f"/counts?{said}", headers={"Accept-Language": "en"})
            return json["returns"], page.get_data(as_text=True)

    return in_new_context(go)
