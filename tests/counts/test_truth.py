"""People who answer truthfully and forget their card on a quarter of their visits: every low figure is the truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from app import clock
from app.db.session import unit_of_work
from app.people.rules import reach
from tests.counts.histories import NOW, ROUNDS, Stage, Told, set_stage
from tests.counts.test_figures import shown, standing
from tests.factories.records import Browser, sign_in
from tests.reference_models.counts import first_of_year

pytestmark = pytest.mark.both_databases

DESKS = {"HND-01": "HND", "HND-02": "HND", "MEX-01": "MEX"}
FIRST, DAYS = date(2025, 9, 1), 210
MONTHS = ("2025-10", "2025-12", "2026-01", "2026-02", "2026-03")
MEMBERS = (("female", "age_25_59"), ("male", "age_25_59"), ("male", "age_5_11"))
FAMILIES = 12
NATIONALITIES = ("HND", "VEN", "HTI")
Person = tuple[int, int]


@dataclass(frozen=True)
class Visit:
    """Members of one family at a desk, on a day of their own, with or without their card."""

    family: int
    members: tuple[int, ...]
    day: date
    desk: str
    has_card: bool

    @property
    def country(self) -> str:
        return DESKS[self.desk]

    @property
    def month(self) -> str:
        return self.day.strftime("%Y-%m")

    @property
    def people(self) -> set[Person]:
        return {(self.family, member) for member in self.members}


def live(chance: Random, forgets: float) -> list[Visit]:
    """All visits of some families to desks of two countries, in the order they happen."""
    visits = []
    for family in range(FAMILIES):
        size = chance.randint(1, len(MEMBERS))
        for days in chance.sample(range(DAYS), chance.randint(1, 9)):
            members = tuple(sorted(chance.sample(range(size), chance.randint(1, size))))
            day, desk = FIRST + timedelta(days), chance.choice(tuple(DESKS))
            visits.append(Visit(family, members, day, desk, chance.random() >= forgets))
    return sorted(visits, key=lambda visit: visit.day)


def true_answer(person: Person, visit: Visit, visits: list[Visit], year_start: int) -> str:
    """What somebody who remembers says about this year, this country and any of its desks."""
    began = first_of_year(visit.month, year_start)
    came = [
        one.month
        for one in visits
        if one.day < visit.day and one.country == visit.country and person in one.people
    ]
    if visit.month in came:
        return "repeat_this_month"
    return "first_this_month" if any(month >= began for month in came) else "first_this_year"


def told(visits: list[Visit], chance: Random, year_start: int) -> Iterator[Told]:
    """The visits as desks record them: a group for each answer."""
    for visit in visits:
        by_answer: dict[str, list[int]] = {}
        for member in visit.members:
            answer = true_answer((visit.family, member), visit, visits, year_start)
            by_answer.setdefault(answer, []).append(member)
        content = {
            "desk": visit.desk,
            "held_on": visit.day,
            "card": visit.family if visit.has_card else None,
            "groups": [group(visit.family, *pair) for pair in by_answer.items()],
            "topics": ["asylum"],
            "outcomes": ["information_given"],
        }
        yield Told(UUID(int=chance.getrandbits(128), version=4), content)


def group(family: int, answer: str, members: list[int]) -> dict[str, Any]:
    return {
        "nationality": NATIONALITIES[family % len(NATIONALITIES)],
        "situation": "in_transit",
        "repeat_contact": answer,
        "persons": [dict(zip(("sex", "age_band"), MEMBERS[m], strict=True), n=1) for m in members],
    }


def true_figures(visits: list[Visit], country: str, month: str, year_start: int) -> dict[str, int]:
    """How many different people came: in the month, and since the reporting year began."""
    began = first_of_year(month, year_start)
    there = [visit for visit in visits if country in ("", visit.country)]
    this_month = [visit.people for visit in there if visit.month == month]
    this_year = [visit.people for visit in there if began <= visit.month <= month]
    before = [visit.people for visit in there if began <= visit.month < month]
    everybody = set().union(*this_year)
    return {
        "month": len(set().union(*this_month)),
        "year": len(everybody),
        "new": len(everybody - set().union(*before)),
        "unknown": 0,
    }


def shown_figures(browser: Browser, country: str, month: str) -> dict[str, int]:
    place = f"&country={country}" if country else ""
    said = shown(browser, f"/counts.json?month={month}{place}")
    year = said["year_to_date"]["reached"]
    unknown = said["reached"]["unknown"] + year["unknown"]
    low = said["reached"]["low"]
    return {"month": low, "year": year["low"], "new": said["new"], "unknown": unknown}


@pytest.fixture
def stage(app):
    return set_stage(app)


def record(stage: Stage, visits: list[Visit], chance: Random, year_start: int) -> None:
    """Records all visits in any order."""
    stage.begin_years_in(year_start)
    records = list(told(visits, chance, year_start))
    chance.shuffle(records)
    with clock.frozen_at(NOW):
        stage.begin_anew(FAMILIES)
        for one in records:
            with unit_of_work():
                stage.record(one)


def compare(stage: Stage, seed: int, forgets: float, countries: tuple[str, ...]) -> None:
    """Asserts that every low figure of these countries is the number of different people."""
    chance = Random(seed)
    year_start = chance.choice((1, 10))
    visits = live(chance, forgets)
    record(stage, visits, chance, year_start)
    regional = standing(sign_in, stage.app, "regional")
    for month in MONTHS:
        for country in countries:
            found = shown_figures(regional, country, month)
            assert found == true_figures(visits, country, month, year_start), (seed, month, country)


@pytest.mark.parametrize("seed", range(2 * ROUNDS))
def test_with_truthful_answers_and_forgotten_cards_every_low_figure_is_the_truth(stage, seed):
    compare(stage, seed, 0.25, ("HND", "MEX"))


@pytest.mark.parametrize("seed", range(2 * ROUNDS))
def test_with_cards_always_shown_the_programmes_figures_are_the_truth_too(stage, seed):
    compare(stage, seed, 0, ("", "HND", "MEX"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_letting_the_card_alone_decide_is_caught(stage, monkeypatch):
    monkeypatch.setattr(reach, "later_of", lambda card, said: card if card.is_known else said)
    with pytest.raises(AssertionError):
        for seed in range(10):
            compare(stage, seed, 0.25, ("HND", "MEX"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_letting_the_answer_alone_decide_is_caught(stage, monkeypatch):
    monkeypatch.setattr(reach, "later_of", lambda card, said: said)
    with pytest.raises(AssertionError):
        compare(stage, 0, 0, ("",))
