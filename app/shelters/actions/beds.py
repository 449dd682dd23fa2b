"""Changes beds: what a shelter says of them, places held for a group, arrivals; every change leaves its trace."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.db.session import connection_of
from app.field_errors import FieldError
from app.shelters.models import BedCensus, BedChange
from app.shelters.queries.beds import BEDS, HOLDS, LockedBeds, list_holds, lock_beds
from app.shelters.queries.shelters import SHELTERS, ShelterRow
from app.shelters.rules import Beds, needs_reason
from app.shelters.vocabulary import BED_REASONS

CHANGES, CENSUS = BedChange.__table__, BedCensus.__table__
ARRIVED, RELEASED, EXPIRED = "arrived", "released", "expired"


@dataclass(frozen=True)
class BedUpdate:
    """What a shelter says of one category; what is None stays as it is. `occupied_by` adds to what stands.

    Who is not there changes a number and confirms nothing.
    """

    category: str
    capacity: int | None = None
    blocked: int | None = None
    occupied: int | None = None
    occupied_by: int = 0
    reason: str = ""
    is_confirmed: bool = True


def set_beds(session: Session, by: int | None, shelter: ShelterRow, said: BedUpdate) -> list[FieldError]:
    """Changes one category and confirms it; more than there are places needs a reason of BED_REASONS."""
    lock_and_bump_inboxes(session, [shelter.id])
    locked = lock_beds(session, shelter.id, said.category)
    if locked is None:
        return [FieldError("category", "no_such_category")]
    wanted = _wanted(locked.beds, said)
    problems = _wrong(locked.beds, wanted, said.reason)
    if problems:
        return problems
    _store(session, by, shelter, wanted, confirmed=said.is_confirmed)
    record_audit(by, "beds_changed", f"shelter:{shelter.code}", shelter.country)
    return []


def _wanted(now: Beds, said: BedUpdate) -> Beds:
    occupied = now.occupied if said.occupied is None else said.occupied
    capacity = now.capacity if said.capacity is None else said.capacity
    blocked = now.blocked if said.blocked is None else said.blocked
    over = needs_reason(capacity, blocked, occupied + said.occupied_by + now.held)
    return replace(
        now,
        capacity=capacity,
        blocked=blocked,
        occupied=occupied + said.occupied_by,
        confirmed_at=clock.now(),
        reason=(said.reason or now.reason) if over else "",
    )


def _wrong(now: Beds, wanted: Beds, reason: str) -> list[FieldError]:
    problems = []
    for name in ("capacity", "blocked", "occupied"):
        if not 0 <= getattr(wanted, name) <= 9999:
            problems.append(FieldError(name, "not_a_bed_number"))
    if reason and reason not in BED_REASONS:
        problems.append(FieldError("reason", "unknown_code"))
    worse = wanted.free < 0 and wanted.free < now.free
    if not problems and worse and not reason:
        problems.append(FieldError("reason", "needs_bed_reason"))
    return problems


def confirm(session: Session, by: int, shelter: ShelterRow) -> None:
    """Says that every number of a shelter is still right (*sigue igual*)."""
    lock_and_bump_inboxes(session, [shelter.id])
    mine = update(BEDS).where(BEDS.c.shelter_id == shelter.id)
    session.execute(mine.values(confirmed_at=clock.now(), confirmed_by=by))
    record_audit(by, "beds_confirmed", f"shelter:{shelter.code}", shelter.country)


def add_category(
    session: Session, by: int | None, shelter: ShelterRow, category: str, capacity: int
) -> list[FieldError]:
    """Gives a shelter places of one more category."""
    if lock_beds(session, shelter.id, category) is not None:
        return [FieldError("category", "taken")]
    beds = Beds(category, capacity, 0, 0, 0, clock.now())
    row = {"shelter_id": shelter.id, "category": category, "capacity": capacity, "blocked": 0}
    more = {"occupied": 0, "reason": "", "confirmed_at": beds.confirmed_at, "version": 1}
    session.execute(insert(BEDS).values(**row, **more, confirmed_by=by))
    _leave_trace(session, by, shelter, beds)
    return []


def hold_beds(
    session: Session,
    by: int,
    shelter: ShelterRow,
    locked: LockedBeds,
    wanted: tuple[UUID, int, str],
) -> datetime:
    """Keeps places for a referral until the moment given: its id, how many people, the reason where there are too few.

    The caller has locked the category and seen that the places are free, or has a reason.
    """
    referral_id, n, reason = wanted
    now = clock.now()
    until = now + timedelta(minutes=shelter.hold_minutes)
    row = {"referral_id": referral_id, "shelter_id": shelter.id, "n": n, "end": ""}
    more = {"category": locked.beds.category, "held_at": now, "until": until}
    session.execute(insert(HOLDS).values(**row, **more))
    beds = replace(locked.beds, held=locked.beds.held + n, reason=reason or locked.beds.reason)
    _store(session, by, shelter, beds, confirmed=False)
    return until


def end_holds(
    session: Session, by: int | None, shelter: ShelterRow, referral_id: UUID, arrived: int | None
) -> None:
    """Ends what is held for a referral: `arrived` people take their places, or None and the places are free again.

    The caller has locked the referral, so nobody else ends its holds.
    """
    now = clock.now()
    for held in list_holds(session, referral_id):
        locked = lock_beds(session, held.shelter_id, held.category)
        how = EXPIRED if held.until <= now else RELEASED
        mine = update(HOLDS).where(HOLDS.c.id == held.id, HOLDS.c.ended_at.is_(None))
        session.execute(mine.values(ended_at=now, end=how if arrived is None else ARRIVED))
        if locked is None:
            continue
        beds = locked.beds
        in_force = held.n if held.until > now else 0
        beds = replace(beds, held=beds.held - in_force, occupied=beds.occupied + (arrived or 0))
        _store(session, by, shelter, _honest(beds), confirmed=False)
        arrived = None if arrived is None else 0


def _honest(beds: Beds) -> Beds:
    return beds if beds.free < 0 else replace(beds, reason="")


def lock_and_bump_inboxes(session: Session, shelters: list[int]) -> None:
    """Tells shelters' open pages that something changed; holds their rows, in the order of their numbers."""
    for shelter_id in sorted(shelters):
        mine = update(SHELTERS).where(SHELTERS.c.id == shelter_id)
        session.execute(mine.values(inbox_version=SHELTERS.c.inbox_version + 1))


def _store(
    session: Session, by: int | None, shelter: ShelterRow, beds: Beds, *, confirmed: bool = True
) -> None:
    mine = (BEDS.c.shelter_id == shelter.id) & (BEDS.c.category == beds.category)
    values: dict[str, Any] = {"capacity": beds.capacity, "blocked": beds.blocked}
    values |= {"occupied": beds.occupied, "reason": beds.reason, "version": BEDS.c.version + 1}
    if confirmed:
        values |= {"confirmed_at": beds.confirmed_at, "confirmed_by": by}
    session.execute(update(BEDS).where(mine).values(**values))
    _leave_trace(session, by, shelter, beds)


def _leave_trace(session: Session, by: int | None, shelter: ShelterRow, beds: Beds) -> None:
    now = clock.now()
    place = {"shelter_id": shelter.id, "category": beds.category}
    numbers = {"capacity": beds.capacity, "blocked": beds.blocked, "occupied": beds.occupied}
    change = {"at": now, "account_id": by, "held": beds.held, "reason": beds.reason}
    session.execute(insert(CHANGES).values(**place, **numbers, **change))
    connection = connection_of(session)
    upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    day = clock.day_at(now, shelter.time_zone)
    row = upsert(CENSUS).values(**place, **numbers, day=day)
    keys = ["shelter_id", "category", "day"]
    connection.execute(row.on_conflict_do_update(index_elements=keys, set_=numbers))
