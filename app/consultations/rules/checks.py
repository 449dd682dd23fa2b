"""When a consultation's data is valid, and who may change it until when."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta

from app.consultations.rules.consultation_data import ConsultationData, Group
from app.consultations.vocabulary import FLAGS_B, RETURN_OUTCOME, RETURN_TOPIC
from app.month import Month

FieldErrorCode = tuple[str, str]
"""A field's path and the code of its error."""


def day_error(held_on: date, today: date, opened_on: date, closed_on: date | None) -> str | None:
    """Return the error code of a day at a desk, None if it is valid.

    It must not be in the future there, and within the desk's dates.
    """
    if held_on > today:
        return "in_future"
    if held_on < opened_on:
        return "before_opening"
    return "desk_closed" if closed_on is not None and held_on > closed_on else None


def answer_errors(data: ConsultationData) -> Iterator[FieldErrorCode]:
    """Yield the errors of the answers that do not depend on the day."""
    if data.is_tally:
        return
    if data.persons > 200:
        yield "groups", "too_many_people"
    if data.main_topic and data.main_topic not in data.topics:
        yield "main_topic", "not_a_topic_marked"
    if "none" in data.flags and len(data.flags) > 1:
        yield "flags", "excludes_others"


def repeat_contact_errors(
    groups: Sequence[Group], month: Month, reporting_year_start: int
) -> Iterator[FieldErrorCode]:
    """Yield an error for each group whose answer to "first time?" is impossible in a month."""
    if offers_earlier_month(month, reporting_year_start):
        return
    for index, group in enumerate(groups):
        if group.repeat_contact == "first_this_month":
            yield f"groups.{index}.repeat_contact", "impossible_answer"


def offers_earlier_month(month: Month, reporting_year_start: int) -> bool:
    """Whether "came this year, first this month" is possible: not in the reporting year's first month."""
    return month.reporting_year_start(reporting_year_start) != month


def author_may_change(received_on: date, today: date) -> bool:
    """Whether the author may still correct: until the end of the day after receipt, at the desk (outside.md)."""
    return today <= received_on + timedelta(days=1)


def asks_to_return(topics: Collection[str], outcomes: Collection[str]) -> bool:
    """Whether the people of a consultation ask about returning: a request may be opened for them."""
    return RETURN_TOPIC in topics or RETURN_OUTCOME in outcomes


def is_restricted(field: str, code: object) -> bool:
    """Whether a code is a flag of kind B: on a referral or return only (domain.md §2.8)."""
    return field == "flags" and isinstance(code, str) and code in FLAGS_B
