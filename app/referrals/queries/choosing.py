"""Reads where a group could be sent: which shelters take it, what is free there, how far it is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app import clock
from app.composition import Persons, number_in
from app.places.queries import DeskRow
from app.shelters.queries.beds import list_beds_of_country
from app.shelters.queries.shelters import PublicShelter, ShelterRow, list_in_country, public
from app.shelters.rules import Beds, fitting_categories, is_stale, kilometres, reasons_against


@dataclass(frozen=True)
class Choice:
    """One shelter as a desk sees it when it chooses.

    `against` are codes of problems why it does not take the group; `beds` are its categories that fit, the best first;
    `free` is the most that one of them has, `kilometres` None where a place is not known or must not be.
    """

    shelter: PublicShelter
    against: tuple[str, ...]
    beds: tuple[Beds, ...]
    all_beds: tuple[Beds, ...]
    free: int
    is_stale: bool
    kilometres: float | None

    @property
    def is_suitable(self) -> bool:
        """Whether it can be offered: it takes the group, takes people at all, and has places enough."""
        return not self.against


def list_choices(
    session: Session, desk: DeskRow, party: Sequence[Persons], flags: Collection[str]
) -> list[Choice]:
    """The shelters of the desk's country: those that fit first, then open, then freshly counted, then near."""
    beds = list_beds_of_country(session, desk.country)
    wanted = fitting_categories(party, flags)
    choices = [
        _choice(desk, one, beds.get(one.id, []), (party, wanted))
        for one in list_in_country(session, desk.country)
    ]
    return sorted(choices, key=_order)


def _choice(
    desk: DeskRow,
    shelter: ShelterRow,
    beds: list[Beds],
    group: tuple[Sequence[Persons], list[str]],
) -> Choice:
    party, wanted = group
    fitting = sorted(
        (one for one in beds if one.category in wanted), key=lambda one: wanted.index(one.category)
    )
    free = max((one.free for one in fitting), default=0)
    against = why_not(shelter, party)
    if not fitting:
        against.append("no_fitting_beds")
    elif free < number_in(party):
        against.append("no_places")
    now = clock.now()
    return Choice(
        public(shelter),
        tuple(against),
        tuple(fitting),
        tuple(beds),
        free,
        any(is_stale(one.confirmed_at, now) for one in fitting),
        _distance(desk, shelter),
    )


def why_not(shelter: ShelterRow, party: Sequence[Persons]) -> list[str]:
    """Why a group may not be sent there, whatever is free: codes of problems."""
    found = reasons_against(shelter.eligibility, party)
    return found if shelter.is_accepting else ["not_accepting", *found]


def _distance(desk: DeskRow, shelter: ShelterRow) -> float | None:
    if shelter.is_protected or shelter.location is None:
        return None
    if desk.latitude is None or desk.longitude is None:
        return None
    return kilometres((desk.latitude, desk.longitude), shelter.location)


def _order(choice: Choice) -> tuple[object, ...]:
    far = choice.kilometres if choice.kilometres is not None else 99_999
    shelter = choice.shelter
    return (bool(choice.against), not shelter.is_open_now, choice.is_stale, far, shelter.code)
