"""Changes beds: updates by a shelter, holds for a group, arrivals; every change is recorded."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.db.session import connection_of
from app.field_errors import FieldError
from app.shelters.models import BedCensus, BedChange
from app.shelters.queries.beds import BEDS, HOLDS, LockedBeds, list_holds_unscoped, lock_beds
from app.shelters.queries.shelters import SHELTERS, ShelterRow
from app.shelters.rules import Beds, needs_reason
from app.shelters.vocabulary import BED_REASONS
from app.web.form_errors import FormOutcome
from app.web.outcomes import Accepted, Invalid

CHANGES, CENSUS = BedChange.__table__, BedCensus.__table__
ARRIVED, RELEASED, EXPIRED = "arrived", "released", "expired"


@dataclass(frozen=True)
class BedUpdate:
    """New numbers of one category; None leaves a number unchanged, `occupied_by` is added to `occupied`.

    `is_confirmed` is false if somebody outside the shelter changes a number: then `confirmed_at` stays.
    """

    category: str
    capacity: int | None = None
    blocked: int | None = None
    occupied: int | None = None
    occupied_by: int = 0
    reason: str = ""
    is_confirmed: bool = True


def set_beds(
    session: Session, account_id: int | None, shelter: ShelterRow, bed_update: BedUpdate
) -> FormOutcome[None]:
    """Change and confirm one category; more people than places need a reason of BED_REASONS."""
    lock_and_bump_inboxes(session, [shelter.id])
    locked = lock_beds(session, shelter.id, bed_update.category)
    if locked is None:
        return Invalid([FieldError("category", "no_such_category")])
    beds = _apply(bed_update, locked.beds)
    errors = _validate(locked.beds, beds, bed_update.reason)
    if errors:
        return Invalid(errors)
    _store(session, account_id, shelter, beds, confirmed=bed_update.is_confirmed)
    record_audit(account_id, "beds_changed", f"shelter:{shelter.code}", shelter.country)
    return Accepted(None)


def _apply(bed_update: BedUpdate, beds: Beds) -> Beds:
    capacity = beds.capacity if bed_update.capacity is None else bed_update.capacity
    blocked = beds.blocked if bed_update.blocked is None else bed_update.blocked
    occupied = beds.occupied if bed_update.occupied is None else bed_update.occupied
    occupied += bed_update.occupied_by
    is_over = needs_reason(capacity, blocked, occupied + beds.held)
    return replace(
        beds,
        capacity=capacity,
        blocked=blocked,
        occupied=occupied,
        confirmed_at=clock.now(),
        reason=(bed_update.reason or beds.reason) if is_over else "",
    )


def _validate(before: Beds, after: Beds, reason: str) -> list[FieldError]:
    numbers = ("capacity", "blocked", "occupied")
    wrong = [name for name in numbers if not 0 <= getattr(after, name) <= 9999]
    errors = [FieldError(name, "not_a_bed_number") for name in wrong]
    if reason and reason not in BED_REASONS:
        errors.append(FieldError("reason", "unknown_code"))
    if not errors and after.free < min(0, before.free) and not reason:
        errors.append(FieldError("reason", "needs_bed_reason"))
    return errors


def confirm(session: Session, account_id: int, shelter: ShelterRow) -> None:
    """Confirm that every number of a shelter is still right (*sigue igual*)."""
    lock_and_bump_inboxes(session, [shelter.id])
    statement = update(BEDS).where(BEDS.c.shelter_id == shelter.id)
    session.execute(statement.values(confirmed_at=clock.now(), confirmed_by=account_id))
    record_audit(account_id, "beds_confirmed", f"shelter:{shelter.code}", shelter.country)


def add_category(
    session: Session, account_id: int | None, shelter: ShelterRow, category: str, capacity: int
) -> FormOutcome[None]:
    """Add a category of beds to a shelter."""
    if lock_beds(session, shelter.id, category) is not None:
        return Invalid([FieldError("category", "taken")])
    beds = Beds(category, capacity, 0, 0, 0, clock.now())
    numbers = {"capacity": capacity, "blocked": 0, "occupied": 0, "reason": "", "version": 1}
    confirmation = {"confirmed_at": beds.confirmed_at, "confirmed_by": account_id}
    place = {"shelter_id": shelter.id, "category": category}
    session.execute(insert(BEDS).values(**place, **numbers, **confirmation))
    _record_change(session, account_id, shelter, beds)
    return Accepted(None)


@dataclass(frozen=True)
class HoldRequest:
    """Beds for `n` people of a referral; `reason` is "" unless fewer than n beds are free."""

    referral_id: UUID
    n: int
    reason: str


def hold_beds(
    session: Session, account_id: int, shelter: ShelterRow, locked: LockedBeds, request: HoldRequest
) -> datetime:
    """Hold beds for a referral and return until when.

    The caller has locked the category and has checked that enough beds are free, or has a reason.
    """
    now = clock.now()
    until = now + timedelta(minutes=shelter.hold_minutes)
    beds, place = locked.beds, {"shelter_id": shelter.id, "category": locked.beds.category}
    hold = {"referral_id": request.referral_id, "person_count": request.n, "end_reason": ""}
    session.execute(insert(HOLDS).values(**place, **hold, held_at=now, until=until))
    beds = replace(beds, held=beds.held + request.n, reason=request.reason or beds.reason)
    _store(session, account_id, shelter, beds, confirmed=False)
    return until


def end_holds(
    session: Session,
    account_id: int | None,
    shelter: ShelterRow,
    referral_id: UUID,
    arrived: int | None,
) -> None:
    """End the holds of a referral: `arrived` people occupy beds, or None and the beds are released.

    The caller has locked the referral, so no other transaction ends its holds.
    """
    now = clock.now()
    for hold in list_holds_unscoped(session, referral_id):
        locked = lock_beds(session, hold.shelter_id, hold.category)
        unused = EXPIRED if hold.until <= now else RELEASED
        end = {"ended_at": now, "end_reason": unused if arrived is None else ARRIVED}
        statement = update(HOLDS).where(HOLDS.c.id == hold.id, HOLDS.c.ended_at.is_(None))
        session.execute(statement.values(**end))
        if locked is None:
            continue
        beds = locked.beds
        in_force = hold.person_count if hold.until > now else 0
        beds = replace(beds, held=beds.held - in_force, occupied=beds.occupied + (arrived or 0))
        _store(session, account_id, shelter, _without_old_reason(beds), confirmed=False)
        # Everybody who arrived is counted with the first hold.
        arrived = None if arrived is None else 0


def _without_old_reason(beds: Beds) -> Beds:
    return beds if beds.free < 0 else replace(beds, reason="")


def lock_and_bump_inboxes(session: Session, shelter_ids: list[int]) -> None:
    """Lock the rows of shelters in id order and increase their inbox version, which open pages poll."""
    for shelter_id in sorted(shelter_ids):
        statement = update(SHELTERS).where(SHELTERS.c.id == shelter_id)
        session.execute(statement.values(inbox_version=SHELTERS.c.inbox_version + 1))


def _store(
    session: Session, account_id: int | None, shelter: ShelterRow, beds: Beds, *, confirmed: bool
) -> None:
    is_category = (BEDS.c.shelter_id == shelter.id) & (BEDS.c.category == beds.category)
    numbers = {"capacity": beds.capacity, "blocked": beds.blocked, "occupied": beds.occupied}
    confirmation = {"confirmed_at": beds.confirmed_at, "confirmed_by": account_id}
    values = {**numbers, "reason": beds.reason, **(confirmation if confirmed else {})}
    statement = update(BEDS).where(is_category)
    session.execute(statement.values(version=BEDS.c.version + 1, **values))
    _record_change(session, account_id, shelter, beds)


def _record_change(
    session: Session, account_id: int | None, shelter: ShelterRow, beds: Beds
) -> None:
    """Record the numbers after a change, and update the census row of the shelter's own day."""
    now, connection = clock.now(), connection_of(session)
    place = {"shelter_id": shelter.id, "category": beds.category}
    numbers = {"capacity": beds.capacity, "blocked": beds.blocked, "occupied": beds.occupied}
    change = {"at": now, "account_id": account_id, "held": beds.held, "reason": beds.reason}
    session.execute(insert(CHANGES).values(**place, **numbers, **change))
    upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    day = clock.day_at(now, shelter.time_zone)
    census = upsert(CENSUS).values(**place, **numbers, day=day)
    keys = ["shelter_id", "category", "day"]
    connection.execute(census.on_conflict_do_update(index_elements=keys, set_=numbers))
