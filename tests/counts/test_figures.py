"""Every figure equals the reference model over random histories, in any order."""

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
    HistoryPlayer,
    card_histories,
    histories,
    history_settings,
    make_player,
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


def run_at_now(call: Any, *arguments: Any, **named: Any) -> Any:
    """Run a request as a server would, at the moment of the histories."""

    def run() -> Any:
        with clock.frozen_at(NOW):
            return call(*arguments, **named)

    return in_new_context(run)


def fetch_json(browser: Browser, address: str) -> dict[str, Any]:
    """Return the JSON of an address at the moment of the histories."""
    answer = run_at_now(browser.client.get, address, headers=JSON)
    assert answer.status_code == 200, (address, answer.data)
    return dict(answer.get_json())


def assert_figures_equal(
    player: HistoryPlayer, regional: Browser, boss: Browser, year_start: int
) -> None:
    """Assert that every figure of every place and month is the one of the reference model."""

    def expected(place: counts.Place, month: str) -> dict[str, object]:
        return counts.figures(player.records, place, month, year_start)

    for month in LOOKED_AT:
        for code in PLACES:
            address = f"/counts.json?month={month}" + (f"&country={code}" if code else "")
            place = counts.country(code) if code else counts.programme()
            assert figures_of(fetch_json(regional, address)) == expected(place, month), address
    for desk, country in DESKS.items():
        figures = fetch_json(boss, f"/counts.json?month=2026-02&desk={desk}")
        assert figures_of(figures) == expected(counts.desk(desk, country), "2026-02"), desk


def figures_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return the figures alone, without place, month and completeness."""
    return {name: value for name, value in body.items() if name not in FIXED}


@pytest.fixture
def player(app: Flask) -> HistoryPlayer:
    return make_player(app)


def sign_in_readers(player: HistoryPlayer) -> tuple[Browser, Browser]:
    """Sign in the regional office and the supervisor at the moment of the histories."""
    return run_at_now(sign_in, player.app, "regional"), run_at_now(sign_in, player.app, "boss")


def assert_histories_equal(player: HistoryPlayer, strategy: Any, factor: int = 1) -> None:
    """Play random histories and compare every figure after each."""
    regional, boss = sign_in_readers(player)

    @settings(history_settings, max_examples=factor * history_settings.max_examples)
    @given(strategy, st.sampled_from((1, 10)), st.integers())
    def check(history: History, year_start: int, order: int) -> None:
        player.play(history, year_start, order)
        assert_figures_equal(player, regional, boss, year_start)

    check()


def test_every_figure_equals_a_count_by_hand(player):
    assert_histories_equal(player, histories())


def test_every_figure_of_few_cards_shown_again_and_again_equals_a_count_by_hand(player):
    assert_histories_equal(player, card_histories())


def unknown_is_reached(is_known: bool, month: int, previous: int, first: int, last: int) -> bool:
    return first <= month <= last and previous < first


def first_month_is_before(is_known: bool, month: int, previous: int, first: int, last: int) -> bool:
    return is_known and first <= month <= last and previous <= first


def everybody_is_new(is_known: bool, month: int, previous: int, first: int, last: int) -> bool:
    return is_known and first <= month <= last


@pytest.mark.parametrize("fault", [unknown_is_reached, first_month_is_before, everybody_is_new])
def test_a_seeded_fault_in_who_is_distinct_is_caught(player, monkeypatch, fault):
    monkeypatch.setattr(rules, "is_distinct", fault)
    with pytest.raises(AssertionError):
        assert_histories_equal(player, histories())


def link_only_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    """Link a new contact to the earlier ones only; do not relink the later ones."""
    monkeypatch.setattr(previous_contacts, "_previous", lambda line: ANY)


def count_distinct_per_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count distinct people per desk, and their sum for the country."""
    person_contact = previous_contacts._person_contact
    at_desk = lambda line, root: replace(person_contact(line, root), country=str(line["desk_id"]))  # noqa: E731 - one of several rules, each on a line
    monkeypatch.setattr(previous_contacts, "_person_contact", at_desk)


def ignore_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore the answer if the card has a previous contact."""
    monkeypatch.setattr(reach, "later_of", lambda card, answer: card if card.is_known else answer)


def ignore_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore the previous contacts of the card."""
    monkeypatch.setattr(reach, "later_of", lambda card, answer: answer)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "fault",
    [
        link_only_forward,
        count_distinct_per_desk,
        ignore_the_answer,
        ignore_the_card,
    ],
)
def test_a_seeded_fault_in_linking_is_caught(player, monkeypatch, fault):
    fault(monkeypatch)
    with pytest.raises(AssertionError, match=r"counts\.json"):
        assert_histories_equal(player, card_histories(), 3)


def test_the_same_records_in_any_order_give_the_same_figures_aggregates_and_links(player):
    regional, _ = sign_in_readers(player)

    def results(history: History, order: int) -> list[Any]:
        player.play(history, 1, order)
        figures = [fetch_json(regional, f"/counts.json?month={month}") for month in LOOKED_AT]
        return [figures, player.aggregates(), sorted(map(str, player.lines()))]

    @settings(history_settings, max_examples=6 * ROUNDS)
    @given(st.one_of(histories(), card_histories()), st.integers())
    def check(history: History, order: int) -> None:
        assert results(history, order) == results(history, order + 1)

    check()


@settings(history_settings, max_examples=200 * ROUNDS)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(MONTHS_OF_PEOPLE)), min_size=1, max_size=40
    ),
    st.sampled_from(MONTHS_OF_PEOPLE),
    st.sampled_from(MONTHS_OF_PEOPLE),
)
def test_people_with_a_known_past_are_counted_as_a_set_of_them_would_be(visits, month_a, month_b):
    previous_by_person: dict[int, int] = {}
    reach_counts = []
    for person, month in sorted(visits, key=lambda visit: visit[1]):
        reach_counts.append(rules.ReachCount(month, previous_by_person.get(person, 0), True, 1))
        previous_by_person[person] = month
    first, last = min(month_a, month_b), max(month_a, month_b)
    assert rules.low(reach_counts, first, last) == len({p for p, m in visits if first <= m <= last})
