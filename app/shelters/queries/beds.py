"""Reads what is free: capacity, blocked, occupied, and what is held at this moment."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from app import clock
from app.db.session import Record
from app.shelters.models import BedCategory, BedHold
from app.shelters.queries.shelters import SHELTERS
from app.shelters.rules import Beds
from app.shelters.vocabulary import BED_CATEGORIES

BEDS, HOLDS = BedCategory.__table__, BedHold.__table__


@dataclass(frozen=True)
class LockedBeds:
    """One category of a shelter, held by this transaction until it ends."""

    shelter_id: int
    beds: Beds
    version: int


def list_beds(session: Session, shelters: Collection[int]) -> dict[int, list[Beds]]:
    """What is free by shelter, in the order of the list of categories; true at this moment, whoever tidies up."""
    return _of(session, BEDS.c.shelter_id.in_(shelters))


def list_beds_of_country(session: Session, country: str) -> dict[int, list[Beds]]:
    """The same for every shelter of a country."""
    here = select(SHELTERS.c.id).where(SHELTERS.c.country == country)
    return _of(session, BEDS.c.shelter_id.in_(here))


def _of(session: Session, where: ColumnElement[bool]) -> dict[int, list[Beds]]:
    in_force = _in_force(clock.now())
    held = (
        select(HOLDS.c.shelter_id, HOLDS.c.category, func.sum(HOLDS.c.n).label("held"))
        .where(in_force)
        .group_by(HOLDS.c.shelter_id, HOLDS.c.category)
        .subquery()
    )
    same = and_(held.c.shelter_id == BEDS.c.shelter_id, held.c.category == BEDS.c.category)
    wanted = select(BEDS, func.coalesce(held.c.held, 0).label("held")).outerjoin(held, same)
    rows = session.execute(wanted.where(where).order_by(BEDS.c.shelter_id, BEDS.c.category))
    found: dict[int, list[Beds]] = {}
    for row in rows:
        found.setdefault(row.shelter_id, []).append(_beds(row, int(row.held)))
    for some in found.values():
        some.sort(key=lambda beds: BED_CATEGORIES.place(beds.category))
    return found


def _in_force(now: datetime) -> ColumnElement[bool]:
    return and_(HOLDS.c.ended_at.is_(None), HOLDS.c.until > now)


def _beds(row: Record, held: int) -> Beds:
    return Beds(
        row.category, row.capacity, row.blocked, row.occupied, held, row.confirmed_at, row.reason
    )


def lock_beds(session: Session, shelter_id: int, category: str) -> LockedBeds | None:
    """One category, held until the transaction ends; None where the shelter has none of it."""
    mine = select(BEDS).where(BEDS.c.shelter_id == shelter_id, BEDS.c.category == category)
    row = session.execute(mine.with_for_update()).first()
    if row is None:
        return None
    return LockedBeds(shelter_id, _beds(row, _held(session, shelter_id, category)), row.version)


def _held(session: Session, shelter_id: int, category: str) -> int:
    """A statement of its own: it sees what was held while this one waited for the row."""
    mine = select(func.coalesce(func.sum(HOLDS.c.n), 0)).where(
        HOLDS.c.shelter_id == shelter_id, HOLDS.c.category == category
    )
    return int(session.execute(mine.where(_in_force(clock.now()))).scalar_one())


def list_holds(session: Session, referral_id: object) -> list[Record]:
    """The holds of a referral that nobody has ended, oldest first."""
    mine = select(HOLDS).where(HOLDS.c.referral_id == referral_id, HOLDS.c.ended_at.is_(None))
    return list(session.execute(mine.order_by(HOLDS.c.id)))


def list_ended_holds(session: Session, now: datetime, limit: int) -> list[Record]:
    """Holds whose time is over and that nobody has ended, oldest first."""
    over = select(HOLDS).where(HOLDS.c.ended_at.is_(None), HOLDS.c.until <= now)
    return list(session.execute(over.order_by(HOLDS.c.id).limit(limit)))
