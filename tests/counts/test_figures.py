"""Every figure equals a count by hand over random histories, whatever their order."""

from dataclasses import replace
from typing import Any
from unittest.mock import ANY

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from app import clock
from app.counts.rules import people as rules
from app.people.actions import previous_contacts
from app.people.rules import reach
from tests.counts.histories import (
    DESKS,
    NOW,
    ROUNDS,
    History,
    Stage,
    card_histories,
    histories,
    quietly,
    set_stage,
)
from tests.factories.records import JSON, Browser, in_new_context, sign_in
from tests.reference_models import counts

pytestmark = pytest.mark.both_databases

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


def standing(call: Any, *arguments: Any, **named: Any) -> Any:
    """Runs a request as a server would, at the moment of the histories."""

    def run() -> Any:
        with clock.frozen_at(NOW):
            return call(*arguments, **named)

    return in_new_context(run)


def shown(browser: Browser, address: str) -> dict[str, Any]:
    """The JSON of an address at the moment of the histories."""
    answer = standing(browser.client.get, address, headers=JSON)
    assert answer.status_code == 200, (address, answer.data)
    return dict(answer.get_json())


def compare(stage: Stage, regional: Browser, boss: Browser, year_start: int) -> None:
    """Asserts that every figure of every place and month is the one counted by hand."""

    def by_hand(place: counts.Place, month: str) -> dict[str, object]:
        return counts.figures(stage.records, place, month, year_start)

    for month in LOOKED_AT:
        for code in PLACES:
            address = f"/counts.json?month={month}" + (f"&country={code}" if code else "")
            place = counts.country(code) if code else counts.programme()
            assert figures_of(shown(regional, address)) == by_hand(place, month), address
    for desk, country in DESKS.items():
        said = shown(boss, f"/counts.json?month=2026-02&desk={desk}")
        assert figures_of(said) == by_hand(counts.desk(desk, country), "2026-02"), desk


def figures_of(said: dict[str, Any]) -> dict[str, Any]:
    """The figures alone, without what says whose and how complete they are."""
    return {name: value for name, value in said.items() if name not in FIXED}


@pytest.fixture
def stage(app: Flask) -> Stage:
    return set_stage(app)


def readers(stage: Stage) -> tuple[Browser, Browser]:
    """The regional office and the supervisor, signed in at the moment of the histories."""
    return standing(sign_in, stage.app, "regional"), standing(sign_in, stage.app, "boss")


def play_and_compare(stage: Stage, told: Any, most: int = 1) -> None:
    """Plays random histories and compares every figure after each."""
    regional, boss = readers(stage)

    @settings(quietly, max_examples=most * quietly.max_examples)
    @given(told, st.sampled_from((1, 10)), st.integers())
    def holds(history: History, year_start: int, order: int) -> None:
        stage.play(history, year_start, order)
        compare(stage, regional, boss, year_start)

    holds()


def test_every_figure_equals_a_count_by_hand(stage):
    play_and_compare(stage, histories())


def test_every_figure_of_few_cards_shown_again_and_again_equals_a_count_by_hand(stage):
    play_and_compare(stage, card_histories())


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
        play_and_compare(stage, histories())


def link_only_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who arrives learns of those before; nobody who came later learns of who arrives."""
    monkeypatch.setattr(previous_contacts, "_previous", lambda line: ANY)


def look_at_the_own_desk_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each desk counts its own distinct people, and the country is their sum."""
    seen = previous_contacts._person_contact
    at_desk = lambda line, root: replace(seen(line, root), country=str(line["desk_id"]))  # noqa: E731
    monkeypatch.setattr(previous_contacts, "_person_contact", at_desk)


def believe_the_card_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the card knows anything, the answer is not heard."""
    monkeypatch.setattr(reach, "later_of", lambda card, said: card if card.is_known else said)


def believe_the_answer_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the card knows is not looked at."""
    monkeypatch.setattr(reach, "later_of", lambda card, said: said)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "fault",
    [
        link_only_forward,
        look_at_the_own_desk_alone,
        believe_the_card_alone,
        believe_the_answer_alone,
    ],
)
def test_a_seeded_fault_in_linking_is_caught(stage, monkeypatch, fault):
    fault(monkeypatch)
    with pytest.raises(AssertionError, match=r"counts\.json"):
        play_and_compare(stage, card_histories(), 3)


def test_the_same_records_in_any_order_give_the_same_figures_cells_and_links(stage):
    regional, _ = readers(stage)

    def found(history: History, order: int) -> list[Any]:
        stage.play(history, 1, order)
        figures = [shown(regional, f"/counts.json?month={month}") for month in LOOKED_AT]
        return [figures, stage.cells(), sorted(map(str, stage.lines()))]

    @settings(quietly, max_examples=6 * ROUNDS)
    @given(st.one_of(histories(), card_histories()), st.integers())
    def holds(history: History, order: int) -> None:
        assert found(history, order) == found(history, order + 1)

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
        cells.append(rules.ReachCount(month, seen.get(person, 0), True, 1))
        seen[person] = month
    first, last = min(one, other), max(one, other)
    assert rules.low(cells, first, last) == len({p for p, m in visits if first <= m <= last})
