"""Every figure equals a count by hand over random histories, whatever their order."""

import os
from random import Random
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.base import clock
from app.counts import rules
from tests.builders import JSON, Browser, alone, sign_in
from tests.counts import brute
from tests.counts.histories import DESKS, NOW, Stage, Told, histories, set_stage

ROUNDS = int(os.environ.get("VENTANILLA_ROUNDS", "1"))
PLACES = ("", "HND", "SUR", "MEX")
LOOKED_AT = ("2025-10", "2026-01", "2026-02", "2026-03")
MONTHS_OF_PEOPLE = (202510, 202511, 202512, 202601, 202602)
FIXED = (
    "completeness",
    "late",
    "referrals",
    "returns",
    "revision",
    "state",
    "country",
    "month",
    "desk",
)
quietly = settings(
    max_examples=8 * ROUNDS,
    deadline=None,
    database=None,
    derandomize=ROUNDS == 1,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink) if ROUNDS > 1 else (Phase.generate,),
)


def standing(call: Any, *arguments: Any, **named: Any) -> Any:
    """Runs a request as a server would, at the moment of the histories."""

    def run() -> Any:
        with clock.standing_at(NOW):
            return call(*arguments, **named)

    return alone(run)


def shown(browser: Browser, address: str) -> dict[str, Any]:
    """The JSON of an address at the moment of the histories."""
    answer = standing(browser.client.get, address, headers=JSON)
    assert answer.status_code == 200, (address, answer.data)
    return dict(answer.get_json())


def compare(stage: Stage, regional: Browser, boss: Browser, year_start: int) -> None:
    """Asserts that every figure of every place and month is the one counted by hand."""
    for month in LOOKED_AT:
        for place in PLACES:
            address = f"/counts.json?month={month}" + (f"&country={place}" if place else "")
            mine = [r for r in stage.records if place in ("", r.country)]
            assert figures_of(shown(regional, address)) == brute.figures(mine, month, year_start)
    for desk in DESKS:
        said = shown(boss, f"/counts.json?month=2026-02&desk={desk}")
        mine = [r for r in stage.records if r.desk == desk]
        assert figures_of(said) == brute.figures(mine, "2026-02", year_start)


def figures_of(said: dict[str, Any]) -> dict[str, Any]:
    """The figures alone, without what says whose and how complete they are."""
    return {name: value for name, value in said.items() if name not in FIXED}


@pytest.fixture
def stage(app: Flask) -> Stage:
    return set_stage(app)


def readers(stage: Stage) -> tuple[Browser, Browser]:
    """The regional office and the supervisor, signed in at the moment of the histories."""
    return standing(sign_in, stage.app, "regional"), standing(sign_in, stage.app, "boss")


def play_and_compare(stage: Stage) -> None:
    """Plays random histories and compares every figure after each."""
    regional, boss = readers(stage)

    @quietly
    @given(histories(), st.sampled_from((1, 10)))
    def holds(history: list[Told], year_start: int) -> None:
        stage.play(history, year_start)
        compare(stage, regional, boss, year_start)

    holds()


def test_every_figure_equals_a_count_by_hand(stage):
    play_and_compare(stage)


def unknown_is_reached(known: bool, month: int, previous: int, first: int, last: int) -> bool:
    return first <= month <= last and previous < first


def first_month_is_before(known: bool, month: int, previous: int, first: int, last: int) -> bool:
    return known and first <= month <= last and previous <= first


def everybody_is_new(known: bool, month: int, previous: int, first: int, last: int) -> bool:
    return known and first <= month <= last


@pytest.mark.parametrize("fault", [unknown_is_reached, first_month_is_before, everybody_is_new])
def test_a_seeded_fault_in_who_is_distinct_is_caught(stage, monkeypatch, fault):
    monkeypatch.setattr(rules, "is_distinct", fault)
    with pytest.raises(AssertionError):
        play_and_compare(stage)


def test_the_same_records_in_any_order_give_the_same_figures(stage):
    regional, _ = readers(stage)

    @settings(quietly, max_examples=5 * ROUNDS)
    @given(histories(), st.randoms(use_true_random=False))
    def holds(history: list[Told], chance: Random) -> None:
        found = []
        for _ in range(2):
            stage.play(history, 1)
            found.append([shown(regional, f"/counts.json?month={month}") for month in LOOKED_AT])
            chance.shuffle(history)
        assert found[0] == found[1]

    holds()


@settings(quietly, max_examples=200 * ROUNDS)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(MONTHS_OF_PEOPLE)), min_size=1, max_size=40
    ),
    st.sampled_from(MONTHS_OF_PEOPLE),
    st.sampled_from(MONTHS_OF_PEOPLE),
)
def test_people_with_a_known_past_are_counted_as_a_set_of_them_would_be(visits, one, other):
    seen: dict[int, int] = {}
    cells = []
    for person, month in sorted(visits, key=lambda visit: visit[1]):
        cells.append(rules.Reach(month, seen.get(person, 0), True, 1))
        seen[person] = month
    first, last = min(one, other), max(one, other)
    assert rules.low(cells, first, last) == len({p for p, m in visits if first <= m <= last})
