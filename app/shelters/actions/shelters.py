"""Opens, changes and closes shelters; sets whether they accept people and how many beds they have."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypedDict

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.actions import record_audit
from app.field_errors import FieldError
from app.places import rules as places
from app.shelters.actions.beds import BedUpdate, add_category, lock_and_bump_inboxes, set_beds
from app.shelters.queries.beds import lock_beds
from app.shelters.queries.shelters import SHELTERS, ShelterRow, find_shelter
from app.shelters.vocabulary import CONFIDENTIAL_TYPES
from app.web.form_errors import FormOutcome, stale_version
from app.web.outcomes import Accepted, Invalid

CODE_CHARACTERS = "CDFGHJKMNPQRTVWXY34679"
"""No vowels and no look-alikes: a random code of these means nothing and is easy to read."""
CODE_LENGTH = 8


class ShelterFields(TypedDict):
    """The fields of a shelter that may change."""

    name: str
    type: str
    organisation: str
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
    languages: Sequence[str]
    sexes: Sequence[str]
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


class NewShelterFields(ShelterFields):
    """The fields with which a shelter is opened."""

    code: str
    country: str


def open_shelter(
    session: Session, account_id: int | None, fields: NewShelterFields
) -> FormOutcome[str]:
    """Open a shelter; the value is its code.

    A protected shelter gets a random code, whatever was typed.
    """
    if fields["is_protected"]:
        fields = {**fields, "code": _generate_code(session)}
    errors = _validate(fields, fields["country"]) + _validate_code(fields["code"])
    if errors:
        return Invalid(errors)
    if not _insert_unless_taken(session, {"version": 1, "inbox_version": 0, **fields}):
        return Invalid([FieldError("code", "taken")])
    record_audit(account_id, "shelter_opened", f"shelter:{fields['code']}", fields["country"])
    return Accepted(fields["code"])


def _generate_code(session: Session) -> str:
    while True:
        code = "".join(secrets.choice(CODE_CHARACTERS) for _ in range(CODE_LENGTH))
        if find_shelter(session, code) is None:
            return code


def _validate_code(code: str) -> list[FieldError]:
    if not code:
        return [FieldError("code", "required")]
    return [] if places.is_code(code) else [FieldError("code", "not_a_desk_code")]


def _insert_unless_taken(session: Session, values: Mapping[str, object]) -> bool:
    try:
        with session.begin_nested():
            session.execute(insert(SHELTERS).values(**values))
    except IntegrityError:
        return False
    return True


def change_shelter(
    session: Session, account_id: int, shelter: ShelterRow, version: int, fields: ShelterFields
) -> FormOutcome[None]:
    """Change every field of a shelter except its country.

    A shelter that becomes protected gets a new code, as the old one may contain its name. No other code ever changes.
    """
    errors = _validate(fields, shelter.country)
    if shelter.is_protected and not fields["is_protected"]:
        errors.append(FieldError("is_protected", "stays_protected"))
    if errors:
        return Invalid(errors)
    becomes_protected = fields["is_protected"] and not shelter.is_protected
    code = _generate_code(session) if becomes_protected else shelter.code
    if not _store(session, shelter, version, {**fields, "code": code}):
        return stale_version()
    record_audit(account_id, "shelter_changed", f"shelter:{code}", shelter.country)
    return Accepted(None)


def close_shelter(
    session: Session, account_id: int, shelter: ShelterRow, version: int, closed_on: date
) -> FormOutcome[None]:
    """Set the last day of a shelter."""
    if not _store(session, shelter, version, {"closed_on": closed_on}):
        return stale_version()
    record_audit(account_id, "shelter_closed", f"shelter:{shelter.code}", shelter.country)
    return Accepted(None)


def _store(
    session: Session, shelter: ShelterRow, version: int, fields: Mapping[str, object]
) -> bool:
    """Update the shelter if it still has this version; return whether it was updated."""
    is_current = (SHELTERS.c.id == shelter.id) & (SHELTERS.c.version == version)
    versions = {"inbox_version": SHELTERS.c.inbox_version + 1, "version": version + 1}
    statement = update(SHELTERS).where(is_current).values(**versions, **fields)
    return session.execute(statement.returning(SHELTERS.c.id)).first() is not None


def set_accepting(session: Session, account_id: int, shelter: ShelterRow, accepting: bool) -> None:
    """Set whether a shelter accepts people; while it does not, its free beds are not offered."""
    lock_and_bump_inboxes(session, [shelter.id])
    statement = update(SHELTERS).where(SHELTERS.c.id == shelter.id)
    session.execute(statement.values(is_accepting=accepting, version=SHELTERS.c.version + 1))
    record_audit(account_id, "shelter_changed", f"shelter:{shelter.code}", shelter.country)


def set_capacity(
    session: Session, account_id: int, shelter: ShelterRow, bed_update: BedUpdate
) -> FormOutcome[None]:
    """Set how many beds a new or existing category has, but not how many are occupied."""
    lock_and_bump_inboxes(session, [shelter.id])
    if lock_beds(session, shelter.id, bed_update.category) is not None:
        return set_beds(session, account_id, shelter, bed_update)
    category, capacity = bed_update.category, bed_update.capacity or 0
    outcome = add_category(session, account_id, shelter, category, capacity)
    match outcome:
        case Accepted():
            record_audit(account_id, "beds_changed", f"shelter:{shelter.code}", shelter.country)
    return outcome


def _validate(fields: ShelterFields, country: str) -> list[FieldError]:
    errors = []
    if not places.area_lies_in(fields["adm1"], country):
        errors.append(FieldError("adm1", "not_in_country"))
    if not places.is_time_zone(fields["time_zone"]):
        errors.append(FieldError("time_zone", "not_a_time_zone"))
    if not places.is_whole_location(fields["latitude"], fields["longitude"]):
        errors.append(FieldError("longitude", "both_or_none"))
    if bool(fields["opens_at"]) != bool(fields["closes_at"]):
        errors.append(FieldError("closes_at", "both_or_none"))
    youngest, oldest = fields["youngest"], fields["oldest"]
    if youngest is not None and oldest is not None and youngest > oldest:
        errors.append(FieldError("oldest", "ages_crossed"))
    return errors + _validate_protection(fields)


def _validate_protection(fields: ShelterFields) -> list[FieldError]:
    if not fields["is_protected"]:
        is_confidential = fields["type"] in CONFIDENTIAL_TYPES
        return [FieldError("is_protected", "must_be_protected")] if is_confidential else []
    can_be_met = fields["meeting_point"] or fields["phone"]
    return [] if can_be_met else [FieldError("meeting_point", "no_way_to_meet")]
