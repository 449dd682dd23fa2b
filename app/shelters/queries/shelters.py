"""Reads shelters: every field for their coordinators and admins, and the public view for everybody else."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from app import clock
from app.db.session import AnyRow, connection_of
from app.shelters.models import Shelter
from app.shelters.rules import Eligibility, is_open_at
from app.web.access import Scope

SHELTERS = Shelter.__table__
SHELTER_BY_CODE = select(SHELTERS).where(SHELTERS.c.code == bindparam("shelter_code"))


@dataclass(frozen=True)
class ShelterRow:
    """Every field of a shelter, also those of a protected one that no desk may know: show `public_view` instead."""

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
    email: str
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
        """Whom it admits."""
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
        """Latitude and longitude, None if they are unknown."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude


@dataclass(frozen=True)
class PublicShelter:
    """What everybody may know of a shelter; of a protected one only code, phone and meeting point."""

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
    """Return a shelter as desks, slips and the public page show it."""
    hidden = shelter.is_protected
    local_now = clock.now().astimezone(clock.zone(shelter.time_zone))
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
        is_open_at(local_now, shelter.opens_at, shelter.closes_at),
    )


def lock_shelters(session: Session, codes: Collection[str]) -> None:
    """Lock the shelters of these codes until the transaction ends, in id order as everywhere, to avoid deadlocks."""
    query = select(SHELTERS.c.id).where(SHELTERS.c.code.in_(codes)).order_by(SHELTERS.c.id)
    session.execute(query.with_for_update(key_share=True)).all()


def find_shelter(session: Session, code: str) -> ShelterRow | None:
    """Find a shelter by its code, closed ones included."""
    if not code or not code.isprintable():
        return None
    row = connection_of(session).execute(SHELTER_BY_CODE, {"shelter_code": code}).first()
    return _row(row) if row else None


def find_own(session: Session, scope: Scope, code: str) -> ShelterRow | None:
    """Find a shelter by its code among those that the account coordinates."""
    shelter = find_shelter(session, code)
    return shelter if shelter and shelter.id in scope.shelters else None


def get_shelter(session: Session, shelter_id: int) -> ShelterRow:
    """Return a shelter by its id; raises NoResultFound if it does not exist."""
    return _row(session.execute(select(SHELTERS).where(SHELTERS.c.id == shelter_id)).one())


def list_own(session: Session, scope: Scope) -> list[ShelterRow]:
    """List the shelters that the account coordinates, by code."""
    return _list(session, select(SHELTERS).where(SHELTERS.c.id.in_(scope.shelters)))


def list_all(session: Session) -> list[ShelterRow]:
    """List every shelter, for admins, by country and code."""
    return _list(session, select(SHELTERS))


def shelters_by_id(session: Session, ids: Collection[int]) -> dict[int, ShelterRow]:
    """Return shelters by id."""
    query = select(SHELTERS).where(SHELTERS.c.id.in_(ids))
    return {shelter.id: shelter for shelter in _list(session, query)}


def list_in_country(session: Session, country: str) -> list[ShelterRow]:
    """List the shelters of a country that are not closed, by code."""
    today = clock.now().date()
    is_open = SHELTERS.c.closed_on.is_(None) | (SHELTERS.c.closed_on >= today)
    return _list(session, select(SHELTERS).where(SHELTERS.c.country == country, is_open))


def _list(session: Session, query: Select[tuple[object, ...]]) -> list[ShelterRow]:
    ordered = query.order_by(SHELTERS.c.country, SHELTERS.c.code)
    return [_row(row) for row in session.execute(ordered)]


def _row(row: AnyRow) -> ShelterRow:
    return ShelterRow(**row._mapping)
