"""Reads the shelters that a group could be sent to: whether they take it, their free beds and distance."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app import clock
from app.composition import PersonCount, count_persons
from app.places.queries import DeskRow
from app.shelters.queries.beds import list_beds_of_country
from app.shelters.queries.shelters import PublicShelter, ShelterRow, list_in_country, public_view
from app.shelters.rules import (
    Beds,
    fitting_categories,
    is_stale,
    kilometres_between,
    reasons_against,
)

# In kilometres: sorts shelters without a known distance last.
UNKNOWN_DISTANCE = 99_999


@dataclass(frozen=True)
class ShelterOption:
    """A shelter as a desk sees it when it chooses.

    `reasons_against` are error codes why it does not take the group; `beds` are its fitting categories, the best first;
    `free` is the most that one of these has; `kilometres` is None if a location is unknown or protected.
    """

    shelter: PublicShelter
    reasons_against: tuple[str, ...]
    beds: tuple[Beds, ...]
    all_beds: tuple[Beds, ...]
    free: int
    is_stale: bool
    kilometres: float | None

    @property
    def is_suitable(self) -> bool:
        """Whether it can be offered: it accepts people at present, admits this group, and has enough free beds."""
        return not self.reasons_against


def list_shelter_options(
    session: Session, desk: DeskRow, party: Sequence[PersonCount], flags: Collection[str]
) -> list[ShelterOption]:
    """List the shelters of the desk's country: suitable ones first, then open, then confirmed recently, then near."""
    beds = list_beds_of_country(session, desk.country)
    categories = fitting_categories(party, flags)
    options = [
        _option(desk, shelter, beds.get(shelter.id, []), party, categories)
        for shelter in list_in_country(session, desk.country)
    ]
    return sorted(options, key=_order)


def _option(
    desk: DeskRow,
    shelter: ShelterRow,
    beds: list[Beds],
    party: Sequence[PersonCount],
    categories: list[str],
) -> ShelterOption:
    fitting = sorted(
        (row for row in beds if row.category in categories),
        key=lambda row: categories.index(row.category),
    )
    free = max((row.free for row in fitting), default=0)
    reasons = refusal_reasons(shelter, party)
    if not fitting:
        reasons.append("no_fitting_beds")
    elif free < count_persons(party):
        reasons.append("no_places")
    now = clock.now()
    return ShelterOption(
        public_view(shelter),
        tuple(reasons),
        tuple(fitting),
        tuple(beds),
        free,
        any(is_stale(row.confirmed_at, now) for row in fitting),
        _distance(desk, shelter),
    )


def refusal_reasons(shelter: ShelterRow, party: Sequence[PersonCount]) -> list[str]:
    """Return error codes why a group may not be sent there, whatever is free."""
    reasons = reasons_against(shelter.eligibility, party)
    return reasons if shelter.is_accepting else ["not_accepting", *reasons]


def _distance(desk: DeskRow, shelter: ShelterRow) -> float | None:
    if shelter.is_protected or shelter.location is None:
        return None
    if desk.latitude is None or desk.longitude is None:
        return None
    return kilometres_between((desk.latitude, desk.longitude), shelter.location)


def _order(option: ShelterOption) -> tuple[object, ...]:
    distance = option.kilometres if option.kilometres is not None else UNKNOWN_DISTANCE
    shelter = option.shelter
    is_closed_now = not shelter.is_open_now
    return (not option.is_suitable, is_closed_now, option.is_stale, distance, shelter.code)
