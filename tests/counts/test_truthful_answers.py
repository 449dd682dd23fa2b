"""If people answer truthfully and forget their card on a quarter of their visits, every low figure is exact."""

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
from tests.counts.histories import NOW, ROUNDS, HistoryPlayer, PlannedConsultation, make_player
from tests.counts.test_figures import fetch_json, run_at_now
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


def generate_visits(rng: Random, forget_rate: float) -> list[Visit]:
    """Return all visits of some families to desks of two countries, in the order they happen."""
    visits = []
    for family in range(FAMILIES):
        size = rng.randint(1, len(MEMBERS))
        for days in rng.sample(range(DAYS), rng.randint(1, 9)):
            members = tuple(sorted(rng.sample(range(size), rng.randint(1, size))))
            day, desk = FIRST + timedelta(days), rng.choice(tuple(DESKS))
            visits.append(Visit(family, members, day, desk, rng.random() >= forget_rate))
    return sorted(visits, key=lambda visit: visit.day)


def true_answer(person: Person, visit: Visit, visits: list[Visit], year_start: int) -> str:
    """Return the true answer for this year, this country and any of its desks."""
    first = first_of_year(visit.month, year_start)
    months = [
        earlier.month
        for earlier in visits
        if earlier.day < visit.day and earlier.country == visit.country and person in earlier.people
    ]
    if visit.month in months:
        return "repeat_this_month"
    return "first_this_month" if any(month >= first for month in months) else "first_this_year"


def plan_consultations(
    visits: list[Visit], rng: Random, year_start: int
) -> Iterator[PlannedConsultation]:
    """Yield the visits as desks record them: a group for each answer."""
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
        yield PlannedConsultation(UUID(int=rng.getrandbits(128), version=4), content)


def group(family: int, answer: str, members: list[int]) -> dict[str, Any]:
    return {
        "nationality": NATIONALITIES[family % len(NATIONALITIES)],
        "situation": "in_transit",
        "repeat_contact": answer,
        "persons": [dict(zip(("sex", "age_band"), MEMBERS[m], strict=True), n=1) for m in members],
    }


def true_figures(visits: list[Visit], country: str, month: str, year_start: int) -> dict[str, int]:
    """Count the different people of the month, and since the reporting year began."""
    first = first_of_year(month, year_start)
    in_country = [visit for visit in visits if country in ("", visit.country)]
    this_month = [visit.people for visit in in_country if visit.month == month]
    this_year = [visit.people for visit in in_country if first <= visit.month <= month]
    before = [visit.people for visit in in_country if first <= visit.month < month]
    everybody = set().union(*this_year)
    return {
        "month": len(set().union(*this_month)),
        "year": len(everybody),
        "new": len(everybody - set().union(*before)),
        "unknown": 0,
    }


def shown_figures(browser: Browser, country: str, month: str) -> dict[str, int]:
    country_parameter = f"&country={country}" if country else ""
    body = fetch_json(browser, f"/counts.json?month={month}{country_parameter}")
    year = body["year_to_date"]["reached"]
    unknown = body["reached"]["unknown"] + year["unknown"]
    low = body["reached"]["low"]
    return {"month": low, "year": year["low"], "new": body["new"], "unknown": unknown}


@pytest.fixture
def player(app):
    return make_player(app)


def record_visits(player: HistoryPlayer, visits: list[Visit], rng: Random, year_start: int) -> None:
    """Record all visits in random order."""
    player.set_reporting_year_start(year_start)
    records = list(plan_consultations(visits, rng, year_start))
    rng.shuffle(records)
    with clock.frozen_at(NOW):
        player.reset(FAMILIES)
        for planned in records:
            with unit_of_work():
                player.record(planned)


def assert_figures_true(
    player: HistoryPlayer, seed: int, forget_rate: float, countries: tuple[str, ...]
) -> None:
    """Assert that every low figure of these countries is the number of different people."""
    rng = Random(seed)
    year_start = rng.choice((1, 10))
    visits = generate_visits(rng, forget_rate)
    record_visits(player, visits, rng, year_start)
    regional = run_at_now(sign_in, player.app, "regional")
    for month in MONTHS:
        for country in countries:
            figures = shown_figures(regional, country, month)
            assert figures == true_figures(visits, country, month, year_start), (
                seed,
                month,
                country,
            )


@pytest.mark.parametrize("seed", range(2 * ROUNDS))
def test_with_truthful_answers_and_forgotten_cards_every_low_figure_is_the_truth(player, seed):
    assert_figures_true(player, seed, 0.25, ("HND", "MEX"))


@pytest.mark.parametrize("seed", range(2 * ROUNDS))
def test_with_cards_always_shown_the_programmes_figures_are_the_truth_too(player, seed):
    assert_figures_true(player, seed, 0, ("", "HND", "MEX"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_letting_the_card_alone_decide_is_caught(player, monkeypatch):
    monkeypatch.setattr(reach, "later_of", lambda card, answer: card if card.is_known else answer)
    with pytest.raises(AssertionError):
        for seed in range(10):
            assert_figures_true(player, seed, 0.25, ("HND", "MEX"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_letting_the_answer_alone_decide_is_caught(player, monkeypatch):
    monkeypatch.setattr(reach, "later_of", lambda card, answer: answer)
    with pytest.raises(AssertionError):
        assert_figures_true(player, 0, 0, ("",))
