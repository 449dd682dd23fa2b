"""Linking a card's contacts: their order does not matter, and every period counts each person once."""

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
    PlannedConsultation,
    card_histories,
    content_of_one_woman,
    history_settings,
    make_player,
)

pytestmark = pytest.mark.both_databases

START = date(2025, 11, 20)
MONTHS = (202511, 202512, 202601, 202602, 202603)
ANSWERS = ("first_this_year", "first_this_month", "repeat_this_month", "unknown")
_contact_strategy = st.builds(
    lambda unit, days, id_, country, answer: PersonContact(
        (unit,), START + timedelta(days), id_, country, answer
    ),
    st.integers(0, 3),
    st.integers(0, 120),
    st.uuids(version=4),
    st.sampled_from(("HND", "GTM")),
    st.sampled_from(ANSWERS),
)
contacts = st.lists(
    _contact_strategy, max_size=14, unique_by=lambda contact: contact.consultation_id
)
by_cards_alone = contacts.map(
    lambda drawn: [replace(contact, answer="first_this_year") for contact in drawn]
)
more_examples = settings(history_settings, max_examples=10 * history_settings.max_examples)


def month_of(contact: PersonContact) -> int:
    return contact.held_on.year * 100 + contact.held_on.month


@more_examples
@given(contacts, st.randoms(use_true_random=False))
def test_the_order_in_which_contacts_are_given_says_nothing(
    drawn: list[PersonContact], chance: Random
):
    shuffled = chance.sample(drawn, len(drawn))
    assert compute_previous_contacts(shuffled) == compute_previous_contacts(drawn)


@more_examples
@given(by_cards_alone)
def test_by_cards_alone_every_period_counts_what_a_set_of_people_holds(drawn: list[PersonContact]):
    linked = compute_previous_contacts(drawn)
    for first in MONTHS:
        for last in MONTHS:
            for country in ("HND", "GTM"):
                low = sum(
                    is_distinct(
                        previous.is_known, month_of(contact), previous.in_country, first, last
                    )
                    for contact, previous in linked.items()
                    if contact.country == country
                )
                in_country = [contact for contact in drawn if contact.country == country]
                assert low == len(
                    {contact.unit for contact in in_country if first <= month_of(contact) <= last}
                )
            low = sum(
                is_distinct(True, month_of(contact), previous.in_programme, first, last)
                for contact, previous in linked.items()
            )
            assert low == len(
                {contact.unit for contact in drawn if first <= month_of(contact) <= last}
            )


@more_examples
@given(contacts)
def test_a_previous_contact_is_never_later_and_the_programme_knows_at_least_as_much(drawn):
    for contact, previous in compute_previous_contacts(drawn).items():
        assert previous.in_country <= previous.in_programme <= month_of(contact)
        assert previous.is_known or previous.in_country == 0


@more_examples
@given(contacts)
def test_nobody_is_counted_twice_in_a_period_and_everybody_known_is_counted_once(drawn):
    linked = compute_previous_contacts(drawn)
    for month in MONTHS:
        counted = [
            contact.unit
            for contact, previous in linked.items()
            if is_distinct(
                is_known_in_programme(previous.is_known, previous.in_programme),
                month_of(contact),
                previous.in_programme,
                month,
                month,
            )
        ]
        assert len(counted) == len(set(counted))


def make_contact(
    day: str, country: str, answer: str, number: int = 1, unit: str = "a"
) -> PersonContact:
    return PersonContact((unit,), date.fromisoformat(day), UUID(int=number), country, answer)


@pytest.mark.parametrize(
    ("answer", "is_known", "in_country", "in_programme"),
    [
        ("first_this_year", True, 0, 202601),
        ("first_this_month", True, 202602, 202602),
        ("repeat_this_month", True, 202603, 202603),
        ("unknown", False, 0, 202601),
    ],
)
def test_a_card_seen_in_another_country_speaks_for_the_programme_alone(
    answer, is_known, in_country, in_programme
):
    contact = make_contact("2026-03-10", "GTM", answer, 2)
    previous = compute_previous_contacts(
        [make_contact("2026-01-10", "HND", "first_this_year"), contact]
    )[contact]
    actual = (previous.is_known, previous.in_country, previous.in_programme)
    assert actual == (is_known, in_country, in_programme)
    assert is_known_in_programme(previous.is_known, previous.in_programme)


def test_the_later_of_card_and_answer_is_used():
    earlier = make_contact("2026-02-10", "HND", "unknown")
    answers = ("first_this_year", "first_this_month", "repeat_this_month", "unknown")
    later = [make_contact("2026-03-10", "HND", answer, 2) for answer in answers]
    months = [compute_previous_contacts([earlier, each])[each].in_country for each in later]
    assert months == [202602, 202602, 202603, 202602]


def test_contacts_of_one_day_follow_their_consultations_numbers():
    second, first = (
        make_contact("2026-03-10", "HND", "first_this_year", number) for number in (2, 1)
    )
    previous = compute_previous_contacts([second, first])
    assert (previous[first].in_country, previous[second].in_country) == (0, 202603)


@pytest.fixture
def player(app):
    return make_player(app)


def anonymous(lines: list[dict[str, object]]) -> list[str]:
    """Return the lines without their cards."""
    return sorted(str(sorted({**line, "card_id": 0}.items(), key=str)) for line in lines)


def test_joining_two_cards_gives_what_one_card_from_the_start_would_have_given(player):
    @history_settings
    @given(card_histories(), st.integers())
    def check(history: History, order: int) -> None:
        with_one_card = tuple(planned.with_card({1: 0}) for planned in history.consultations)
        player.play(History(with_one_card), 1)
        expected = (anonymous(player.lines()), player.aggregates())
        player.play(History(history.consultations, ((0, 1),)), 1, order)
        assert (anonymous(player.lines()), player.aggregates()) == expected

    check()


def test_what_reaches_nobody_changes_no_link(player):
    idle = content_of_one_woman(card=0, outcomes=["person_left"])
    void = PlannedConsultation(UUID(int=5, version=4), content_of_one_woman(card=0), ("void",))

    @history_settings
    @given(card_histories())
    def check(history: History) -> None:
        player.play(history, 1)
        expected = anonymous(player.lines())
        added = (PlannedConsultation(UUID(int=4, version=4), idle), void)
        player.play(History((*history.consultations, *added), history.replaced), 1)
        unchanged = [line for line in player.lines() if line["consultation_id"] != added[0].id]
        assert anonymous(unchanged) == expected

    check()
