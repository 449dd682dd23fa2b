"""What the answer to "first time?" makes of a person, month by month."""

from itertools import product

import pytest

from app.codelists.shared_codelists import REPEAT_CONTACTS
from app.month import Month
from app.people.rules.reach import PreviousContact, is_distinct, previous_by_answer

MARCH = Month(2026, 3)


@pytest.mark.parametrize(
    ("answer", "month", "previous"),
    [
        ("first_this_year", MARCH, PreviousContact(True, 0, 0)),
        ("first_this_month", MARCH, PreviousContact(True, 202602, 202602)),
        ("first_this_month", Month(2026, 1), PreviousContact(True, 202512, 202512)),
        ("repeat_this_month", MARCH, PreviousContact(True, 202603, 202603)),
        ("unknown", MARCH, PreviousContact(False, 0, 0)),
    ],
)
def test_every_answer_says_when_the_person_came_before(answer, month, previous):
    assert previous_by_answer(answer, month) == previous


def test_no_answer_says_that_somebody_came_later_than_now():
    for answer, year, number in product(REPEAT_CONTACTS.codes, (2025, 2026), range(1, 13)):
        month = Month(year, number)
        previous = previous_by_answer(answer, month)
        assert previous.in_country == previous.in_programme <= int(month)
        assert previous.is_known == (answer != "unknown")


def test_a_month_counts_who_had_not_come_in_it():
    def counts(answer):
        previous = previous_by_answer(answer, MARCH)
        return is_distinct(previous.is_known, 202603, previous.in_country, 202603, 202603)

    assert [counts(answer) for answer in REPEAT_CONTACTS.codes] == [True, True, False, False]


def test_a_year_to_date_counts_who_had_not_come_in_the_year():
    def counts(answer):
        previous = previous_by_answer(answer, MARCH)
        return is_distinct(previous.is_known, 202603, previous.in_country, 202601, 202603)

    assert [counts(answer) for answer in REPEAT_CONTACTS.codes] == [True, False, False, False]


def test_a_line_outside_of_the_period_does_not_count():
    assert not is_distinct(True, 202604, 0, 202601, 202603)
    assert not is_distinct(True, 202512, 0, 202601, 202603)
