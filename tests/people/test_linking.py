"""Linking a card's contacts: the order they come in says nothing, and every period counts each person once."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.people.rules.reach import (
    PersonContact,
    compute_previous_contacts,
    is_distinct,
    is_known_in_programme,
)
from tests.counts.histories import (
    History,
    Told,
    card_histories,
    one_woman,
    quietly,
    set_stage,
)

pytestmark = pytest.mark.both_databases

START = date(2025, 11, 20)
MONTHS = (202511, 202512, 202601, 202602, 202603)
ANSWERS = ("first_this_year", "first_this_month", "repeat_this_month", "unknown")
_seen = st.builds(
    lambda unit, days, id_, country, answer: PersonContact(
        (unit,), START + timedelta(days), id_, country, answer
    ),
    st.integers(0, 3),
    st.integers(0, 120),
    st.uuids(version=4),
    st.sampled_from(("HND", "GTM")),
    st.sampled_from(ANSWERS),
)
contacts = st.lists(_seen, max_size=14, unique_by=lambda seen: seen.consultation_id)
by_cards_alone = contacts.map(
    lambda found: [replace(seen, answer="first_this_year") for seen in found]
)
often = settings(quietly, max_examples=10 * quietly.max_examples)


def month_of(seen: PersonContact) -> int:
    return seen.held_on.year * 100 + seen.held_on.month


@often
@given(contacts, st.randoms(use_true_random=False))
def test_the_order_in_which_contacts_are_given_says_nothing(
    found: list[PersonContact], chance: Random
):
    shuffled = chance.sample(found, len(found))
    assert compute_previous_contacts(shuffled) == compute_previous_contacts(found)


@often
@given(by_cards_alone)
def test_by_cards_alone_every_period_counts_what_a_set_of_people_holds(found: list[PersonContact]):
    linked = compute_previous_contacts(found)
    for first in MONTHS:
        for last in MONTHS:
            for country in ("HND", "GTM"):
                low = sum(
                    is_distinct(previous.is_known, month_of(seen), previous.in_country, first, last)
                    for seen, previous in linked.items()
                    if seen.country == country
                )
                there = [seen for seen in found if seen.country == country]
                assert low == len({seen.unit for seen in there if first <= month_of(seen) <= last})
            low = sum(
                is_distinct(True, month_of(seen), previous.in_programme, first, last)
                for seen, previous in linked.items()
            )
            assert low == len({seen.unit for seen in found if first <= month_of(seen) <= last})


@often
@given(contacts)
def test_a_previous_contact_is_never_later_and_the_programme_knows_at_least_as_much(found):
    for seen, previous in compute_previous_contacts(found).items():
        assert previous.in_country <= previous.in_programme <= month_of(seen)
        assert previous.is_known or previous.in_country == 0


@often
@given(contacts)
def test_nobody_is_counted_twice_in_a_period_and_whoever_is_known_is_counted_once(found):
    linked = compute_previous_contacts(found)
    for month in MONTHS:
        counted = [
            seen.unit
            for seen, previous in linked.items()
            if is_distinct(
                is_known_in_programme(previous.is_known, previous.in_programme),
                month_of(seen),
                previous.in_programme,
                month,
                month,
            )
        ]
        assert len(counted) == len(set(counted))


def seen(day: str, country: str, answer: str, number: int = 1, unit: str = "a") -> PersonContact:
    return PersonContact((unit,), date.fromisoformat(day), UUID(int=number), country, answer)


@pytest.mark.parametrize(
    ("answer", "known", "in_country", "in_programme"),
    [
        ("first_this_year", True, 0, 202601),
        ("first_this_month", True, 202602, 202602),
        ("repeat_this_month", True, 202603, 202603),
        ("unknown", False, 0, 202601),
    ],
)
def test_a_card_seen_in_another_country_speaks_for_the_programme_alone(
    answer, known, in_country, in_programme
):
    here = seen("2026-03-10", "GTM", answer, 2)
    found = compute_previous_contacts([seen("2026-01-10", "HND", "first_this_year"), here])[here]
    said = (found.is_known, found.in_country, found.in_programme)
    assert said == (known, in_country, in_programme)
    assert is_known_in_programme(found.is_known, found.in_programme)


def test_the_later_of_card_and_answer_is_believed():
    before = seen("2026-02-10", "HND", "unknown")
    answers = ("first_this_year", "first_this_month", "repeat_this_month", "unknown")
    later = [seen("2026-03-10", "HND", answer, 2) for answer in answers]
    months = [compute_previous_contacts([before, one])[one].in_country for one in later]
    assert months == [202602, 202602, 202603, 202602]


def test_contacts_of_one_day_follow_their_consultations_numbers():
    one, other = (seen("2026-03-10", "HND", "first_this_year", number) for number in (2, 1))
    found = compute_previous_contacts([one, other])
    assert (found[other].in_country, found[one].in_country) == (0, 202603)


@pytest.fixture
def stage(app):
    return set_stage(app)


def anonymous(lines: list[dict[str, object]]) -> list[str]:
    """The lines without what says which card was shown."""
    return sorted(str(sorted({**line, "card_id": 0}.items(), key=str)) for line in lines)


def test_joining_two_cards_gives_what_one_card_from_the_start_would_have_given(stage):
    @quietly
    @given(card_histories(), st.integers())
    def holds(history: History, order: int) -> None:
        of_one = tuple(told.with_card({1: 0}) for told in history.told)
        stage.play(History(of_one), 1)
        wanted = (anonymous(stage.lines()), stage.cells())
        stage.play(History(history.told, ((0, 1),)), 1, order)
        assert (anonymous(stage.lines()), stage.cells()) == wanted

    holds()


def test_what_reaches_nobody_changes_no_link(stage):
    idle = one_woman(card=0, outcomes=["person_left"])
    void = Told(UUID(int=5, version=4), one_woman(card=0), ("void",))

    @quietly
    @given(card_histories())
    def holds(history: History) -> None:
        stage.play(history, 1)
        wanted = anonymous(stage.lines())
        more = (Told(UUID(int=4, version=4), idle), void)
        stage.play(History((*history.told, *more), history.replaced), 1)
        ours = [line for line in stage.lines() if line["consultation_id"] != more[0].id]
        assert anonymous(ours) == wanted

    holds()
