"""When a person in a consultation is one more person reached (counting.md, "Exact distinct counts that add up")."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.month import Month

NEVER = 0
Unit = tuple[object, ...]


@dataclass(frozen=True)
class PreviousContact:
    """The month (yyyymm) of the same person's contact before this one, per scope; 0 where there was none.

    `known` is False where nobody can say for the country: such a person stands outside the country's low figure. In the
    programme's figure it is known too where a card was seen in another country: see `is_known_in_programme`.
    """

    is_known: bool
    in_country: int
    in_programme: int


@dataclass(frozen=True)
class PersonContact:
    """One person unit in one qualifying, live consultation.

    `unit` is whose person it is, sex, age band, nationality and ordinal; `answer` that to "first time?".
    """

    unit: Unit
    held_on: date
    consultation_id: UUID
    country: str
    answer: str


def previous_by_answer(answer: str, month: Month) -> PreviousContact:
    """What the answer to "first time?" says about the contact before one held in a month."""
    said = {
        "first_this_year": NEVER,
        "first_this_month": int(month.plus(-1)),
        "repeat_this_month": int(month),
    }
    if answer not in said:
        return PreviousContact(False, NEVER, NEVER)
    return PreviousContact(True, said[answer], said[answer])


def later_of(card: PreviousContact, answer: PreviousContact) -> PreviousContact:
    """The later of what the card knows and what the answer says; unknown where neither says anything."""
    return PreviousContact(
        card.is_known or answer.is_known,
        max(card.in_country, answer.in_country),
        max(card.in_programme, answer.in_programme),
    )


def compute_previous_contacts(
    contacts: Iterable[PersonContact],
) -> dict[PersonContact, PreviousContact]:
    """The previous contact of every contact, in whatever order they are given: by day, then by consultation id."""
    found: dict[PersonContact, PreviousContact] = {}
    anywhere: dict[Unit, int] = {}
    in_country: dict[tuple[Unit, str], int] = {}
    for seen in sorted(contacts, key=lambda one: (one.held_on, one.consultation_id)):
        month, here = Month.of(seen.held_on), (seen.unit, seen.country)
        before = in_country.get(here, NEVER)
        card = PreviousContact(here in in_country, before, anywhere.get(seen.unit, NEVER))
        found[seen] = later_of(card, previous_by_answer(seen.answer, month))
        anywhere[seen.unit] = in_country[here] = int(month)
    return found


def is_known_in_programme(known: bool, previous_in_programme: int) -> bool:
    """Whether the programme knows about a person's past: the country does, or a card was seen somewhere else."""
    return known or previous_in_programme != NEVER


def is_distinct(known: bool, month: int, previous: int, first: int, last: int) -> bool:
    """Whether a qualifying line counts as distinct people of the period from month first to last (yyyymm)."""
    return known and first <= month <= last and previous < first
