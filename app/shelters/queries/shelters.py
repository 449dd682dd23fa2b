"""Reads shelters: whole for their own people and admins, and what everybody else may know of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from app import clock
from app.db.session import Record, connection_of
from app.shelters.models import Shelter
from app.shelters.rules import Eligibility, is_open_at
from app.web.access import Scope

SHELTERS = Shelter.__table__
SHELTER_BY_CODE = select(SHELTERS).where(SHELTERS.c.code == bindparam("wanted"))


@dataclass(frozen=True)
class ShelterRow:
    """One shelter as it stands, with what no desk may know of a protected one: show `known_to` instead."""

    id: int
    code: str
    name: str
    type: str
    organisation: str
    country: str
    adm1: str
    address: str
    directions: str
    latitude: float | None
    longitude: float | None
    phone: str
    mailbox: str
    meeting_point: str
    time_zone: str
    opens_at: str
    closes_at: str
    languages: tuple[str, ...]
    sexes: tuple[str, ...]
    admits_children: bool
    admits_groups: bool
    youngest: int | None
    oldest: int | None
    stay_limit_days: int | None
    is_protected: bool
    is_accepting: bool
    hold_minutes: int
    reply_minutes: int
    closed_on: date | None
    version: int
    inbox_version: int

    @property
    def eligibility(self) -> Eligibility:
        """Whom it takes in."""
        return Eligibility(
            self.sexes,
            self.admits_children,
            self.admits_groups,
            self.youngest,
            self.oldest,
            self.stay_limit_days,
        )

    @property
    def location(self) -> tuple[float, float] | None:
        """Latitude and longitude, None where nobody said them."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude


@dataclass(frozen=True)
class PublicShelter:
    """What anybody may know of a shelter; of a protected one a code, a phone and a meeting point, nothing else."""

    code: str
    name: str | None
    type: str
    organisation: str
    country: str
    adm1: str
    address: str
    directions: str
    location: tuple[float, float] | None
    phone: str
    meeting_point: str
    opens_at: str
    closes_at: str
    languages: tuple[str, ...]
    is_protected: bool
    is_accepting: bool
    is_open_now: bool


def public_view(shelter: ShelterRow) -> PublicShelter:
    """The shelter as a desk, a slip and a stranger see it."""
    hidden = shelter.is_protected
    here = clock.now().astimezone(clock.zone(shelter.time_zone))
    return PublicShelter(
        shelter.code,
        None if hidden else shelter.name,
        "" if hidden else shelter.type,
        "" if hidden else shelter.organisation,
        shelter.country,
        "" if hidden else shelter.adm1,
        "" if hidden else shelter.address,
        "" if hidden else shelter.directions,
        None if hidden else shelter.location,
        shelter.phone,
        shelter.meeting_point,
        shelter.opens_at,
        shelter.closes_at,
        shelter.languages,
        hidden,
        shelter.is_accepting,
        is_open_at(here, shelter.opens_at, shelter.closes_at),
    )


def lock_shelters(session: Session, codes: Collection[str]) -> None:
    """Locks the shelters of these codes until the transaction ends, in the order in which everybody locks them."""
    wanted = select(SHELTERS.c.id).where(SHELTERS.c.code.in_(codes)).order_by(SHELTERS.c.id)
    session.execute(wanted.with_for_update(key_share=True)).all()


def find_shelter(session: Session, code: str) -> ShelterRow | None:
    """The shelter of that code, closed ones included."""
    if not code or not code.isprintable():
        return None
    row = connection_of(session).execute(SHELTER_BY_CODE, {"wanted": code}).first()
    return _row(row) if row else None


def find_own(session: Session, scope: Scope, code: str) -> ShelterRow | None:
    """The shelter of that code where the account coordinates it, else None."""
    found = find_shelter(session, code)
    return found if found and found.id in scope.shelters else None


def get_shelter(session: Session, shelter_id: int) -> ShelterRow:
    """The shelter of that number, which must exist."""
    return _row(session.execute(select(SHELTERS).where(SHELTERS.c.id == shelter_id)).one())


def list_own(session: Session, scope: Scope) -> list[ShelterRow]:
    """The shelters that the account coordinates, by code."""
    return _list(session, select(SHELTERS).where(SHELTERS.c.id.in_(scope.shelters)))


def list_all(session: Session) -> list[ShelterRow]:
    """Every shelter, for those who configure them, by country and code."""
    return _list(session, select(SHELTERS))


def shelters_by_id(session: Session, ids: Collection[int]) -> dict[int, ShelterRow]:
    """Shelters by number."""
    return {one.id: one for one in _list(session, select(SHELTERS).where(SHELTERS.c.id.in_(ids)))}


def list_in_country(session: Session, country: str) -> list[ShelterRow]:
    """The shelters of a country that are not closed, by code."""
    today = clock.now().date()
    here = select(SHELTERS).where(SHELTERS.c.country == country)
    return _list(
        session, here.where(SHELTERS.c.closed_on.is_(None) | (SHELTERS.c.closed_on >= today))
    )


def _list(session: Session, wanted: Select[tuple[object, ...]]) -> list[ShelterRow]:
    ordered = wanted.order_by(SHELTERS.c.country, SHELTERS.c.code)
    return [_row(row) for row in session.execute(ordered)]


def _row(row: Record) -> ShelterRow:
    return ShelterRow(**row._mapping)
