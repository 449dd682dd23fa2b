"""Reads beds: capacity, blocked, occupied, and those held at this moment."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from app import clock
from app.db.session import AnyRow
from app.shelters.models import BedCategory, BedHold
from app.shelters.queries.shelters import SHELTERS
from app.shelters.rules import Beds
from app.shelters.vocabulary import BED_CATEGORIES

BEDS, HOLDS = BedCategory.__table__, BedHold.__table__


@dataclass(frozen=True)
class LockedBeds:
    """One category of a shelter, locked by this transaction until it ends."""

    shelter_id: int
    beds: Beds
    version: int


def list_beds(session: Session, shelter_ids: Collection[int]) -> dict[int, list[Beds]]:
    """List the beds of each shelter, in the order of BED_CATEGORIES.

    Expired holds do not count, even before `referrals tidy` ends them.
    """
    return _list(session, BEDS.c.shelter_id.in_(shelter_ids))


def list_beds_of_country(session: Session, country: str) -> dict[int, list[Beds]]:
    """List the beds of each shelter of a country, in the order of BED_CATEGORIES."""
    shelter_ids = select(SHELTERS.c.id).where(SHELTERS.c.country == country)
    return _list(session, BEDS.c.shelter_id.in_(shelter_ids))


def _list(session: Session, condition: ColumnElement[bool]) -> dict[int, list[Beds]]:
    holds = (
        select(HOLDS.c.shelter_id, HOLDS.c.category, func.sum(HOLDS.c.person_count).label("held"))
        .where(_is_in_force(clock.now()))
        .group_by(HOLDS.c.shelter_id, HOLDS.c.category)
        .subquery()
    )
    same = and_(holds.c.shelter_id == BEDS.c.shelter_id, holds.c.category == BEDS.c.category)
    query = select(BEDS, func.coalesce(holds.c.held, 0).label("held")).outerjoin(holds, same)
    rows = session.execute(query.where(condition).order_by(BEDS.c.shelter_id, BEDS.c.category))
    by_shelter: dict[int, list[Beds]] = {}
    for row in rows:
        by_shelter.setdefault(row.shelter_id, []).append(_beds(row, int(row.held)))
    for categories in by_shelter.values():
        categories.sort(key=lambda beds: BED_CATEGORIES.position(beds.category))
    return by_shelter


def _is_in_force(now: datetime) -> ColumnElement[bool]:
    return and_(HOLDS.c.ended_at.is_(None), HOLDS.c.until > now)


def _beds(row: AnyRow, n_held: int) -> Beds:
    numbers = (row.capacity, row.blocked, row.occupied, n_held)
    return Beds(row.category, *numbers, row.confirmed_at, row.reason)


def lock_beds(session: Session, shelter_id: int, category: str) -> LockedBeds | None:
    """Lock one category until the transaction ends; None if the shelter does not have it."""
    query = select(BEDS).where(BEDS.c.shelter_id == shelter_id, BEDS.c.category == category)
    row = session.execute(query.with_for_update()).first()
    if row is None:
        return None
    n_held = _count_held(session, shelter_id, category)
    return LockedBeds(shelter_id, _beds(row, n_held), row.version)


def _count_held(session: Session, shelter_id: int, category: str) -> int:
    """Count the held beds after locking the row: a separate statement sees holds made while it waited for the lock."""
    query = select(func.coalesce(func.sum(HOLDS.c.person_count), 0)).where(
        HOLDS.c.shelter_id == shelter_id, HOLDS.c.category == category
    )
    return int(session.execute(query.where(_is_in_force(clock.now()))).scalar_one())


def list_holds_unscoped(session: Session, referral_id: UUID) -> list[AnyRow]:
    """List the holds of a referral that are not ended, oldest first."""
    query = select(HOLDS).where(HOLDS.c.referral_id == referral_id, HOLDS.c.ended_at.is_(None))
    return list(session.execute(query.order_by(HOLDS.c.id)))
