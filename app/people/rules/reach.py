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
    """The month (yyyymm) of the same person's contact before this one, in the country and in the programme; 0 if none.

    `is_known` is False if there is no information for the country: the person is left out of the country's low figure.
    The programme's figure also counts as known if the card was shown in another country: see `is_known_in_programme`.
    """

    is_known: bool
    in_country: int
    in_programme: int


@dataclass(frozen=True)
class PersonContact:
    """One person unit in one qualifying, live consultation.

    `unit` is card group, sex, age band, nationality and ordinal; `answer` is the one to "first time?".
    """

    unit: Unit
    held_on: date
    consultation_id: UUID
    country: str
    answer: str


def previous_by_answer(answer: str, month: Month) -> PreviousContact:
    """Return the previous contact that the answer to "first time?" implies for a contact held in a month."""
    previous_months = {
        "first_this_year": NEVER,
        "first_this_month": int(month.plus(-1)),
        "repeat_this_month": int(month),
    }
    if answer not in previous_months:
        return PreviousContact(False, NEVER, NEVER)
    return PreviousContact(True, previous_months[answer], previous_months[answer])


def later_of(card: PreviousContact, answer: PreviousContact) -> PreviousContact:
    """Return the later of the card's previous contact and the answer's; unknown if both are."""
    return PreviousContact(
        card.is_known or answer.is_known,
        max(card.in_country, answer.in_country),
        max(card.in_programme, answer.in_programme),
    )


def compute_previous_contacts(
    contacts: Iterable[PersonContact],
) -> dict[PersonContact, PreviousContact]:
    """Return the previous contact of each contact, given in any order: they follow by day, then by consultation id."""
    previous: dict[PersonContact, PreviousContact] = {}
    in_programme: dict[Unit, int] = {}
    in_country: dict[tuple[Unit, str], int] = {}
    for contact in sorted(contacts, key=lambda contact: (contact.held_on, contact.consultation_id)):
        month, key = Month.containing(contact.held_on), (contact.unit, contact.country)
        last = in_country.get(key, NEVER)
        card = PreviousContact(key in in_country, last, in_programme.get(contact.unit, NEVER))
        previous[contact] = later_of(card, previous_by_answer(contact.answer, month))
        in_programme[contact.unit] = in_country[key] = int(month)
    return previous


def is_known_in_programme(is_known: bool, previous_in_programme: int) -> bool:
    """Whether the programme knows of a person's previous contact: the country does, or another country saw the card."""
    return is_known or previous_in_programme != NEVER


def is_distinct(is_known: bool, month: int, previous: int, first: int, last: int) -> bool:
    """Whether a qualifying line counts as distinct people of the period from month first to last (yyyymm)."""
    return is_known and first <= month <= last and previous < first
