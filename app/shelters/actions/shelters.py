"""Opens, changes and closes shelters; says whether they take people in and how many places they have."""

import secrets
from datetime import date
from typing import Any

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

CODE_CHARACTERS = "CDFGHJKMNPQRTVWXY34679"
"""No vowels and no look-alikes: a code drawn of these says nothing and is read without a mistake."""
CODE_LENGTH = 8


def open_shelter(session: Session, by: int | None, fields: dict[str, Any]) -> str | list[FieldError]:
    """Opens a shelter with the fields of ShelterRow but id and versions; its code, or the problems.

    A protected one gets a code that says nothing, whatever was typed.
    """
    if fields["is_protected"]:
        fields = {**fields, "code": _draw_code(session)}
    problems = _wrong(fields) + _wrong_code(fields["code"])
    if problems:
        return problems
    if not _insert_once(session, {"version": 1, "inbox_version": 0, **fields}):
        return [FieldError("code", "taken")]
    record_audit(by, "shelter_opened", f"shelter:{fields['code']}", fields["country"])
    return str(fields["code"])


def _draw_code(session: Session) -> str:
    while True:
        code = "".join(secrets.choice(CODE_CHARACTERS) for _ in range(CODE_LENGTH))
        if find_shelter(session, code) is None:
            return code


def _wrong_code(code: str) -> list[FieldError]:
    if not code:
        return [FieldError("code", "required")]
    return [] if places.is_code(code) else [FieldError("code", "not_a_desk_code")]


def _insert_once(session: Session, row: dict[str, Any]) -> bool:
    try:
        with session.begin_nested():
            session.execute(insert(SHELTERS).values(**row))
    except IntegrityError:
        return False
    return True


def change_shelter(
    session: Session, by: int, shelter: ShelterRow, version: int, fields: dict[str, Any]
) -> list[FieldError]:
    """Changes all of a shelter but its country; a stale version is refused.

    One that becomes protected gets a new code: the old one may say its name. No other code ever changes.
    """
    problems = _wrong({"country": shelter.country, **fields})
    if shelter.is_protected and not fields["is_protected"]:
        problems.append(FieldError("is_protected", "stays_protected"))
    if problems:
        return problems
    hides = fields["is_protected"] and not shelter.is_protected
    code = _draw_code(session) if hides else shelter.code
    if not _store(session, shelter, version, {**fields, "code": code}):
        return [FieldError("version", "stale")]
    record_audit(by, "shelter_changed", f"shelter:{code}", shelter.country)
    return []


def close_shelter(
    session: Session, by: int, shelter: ShelterRow, version: int, closed_on: date
) -> list[FieldError]:
    """Sets the last day of a shelter."""
    if not _store(session, shelter, version, {"closed_on": closed_on}):
        return [FieldError("version", "stale")]
    record_audit(by, "shelter_closed", f"shelter:{shelter.code}", shelter.country)
    return []


def _store(session: Session, shelter: ShelterRow, version: int, fields: dict[str, Any]) -> bool:
    """Whether the shelter still stood at this version and is changed; its open pages are told."""
    mine = update(SHELTERS).where(SHELTERS.c.id == shelter.id, SHELTERS.c.version == version)
    told = {"inbox_version": SHELTERS.c.inbox_version + 1, "version": version + 1}
    changed = mine.values(**told, **fields).returning(SHELTERS.c.id)
    return session.execute(changed).first() is not None


def set_accepting(session: Session, by: int, shelter: ShelterRow, accepting: bool) -> None:
    """Says whether a shelter takes people in: what is free is not on offer while it does not."""
    lock_and_bump_inboxes(session, [shelter.id])
    mine = update(SHELTERS).where(SHELTERS.c.id == shelter.id)
    session.execute(mine.values(is_accepting=accepting, version=SHELTERS.c.version + 1))
    record_audit(by, "shelter_changed", f"shelter:{shelter.code}", shelter.country)


def set_capacity(session: Session, by: int, shelter: ShelterRow, said: BedUpdate) -> list[FieldError]:
    """Says how many places of a category there are, a new one or one that stands; says nothing of who is there."""
    lock_and_bump_inboxes(session, [shelter.id])
    if lock_beds(session, shelter.id, said.category) is not None:
        return set_beds(session, by, shelter, said)
    problems = add_category(session, by, shelter, said.category, said.capacity or 0)
    if not problems:
        record_audit(by, "beds_changed", f"shelter:{shelter.code}", shelter.country)
    return problems


def _wrong(fields: dict[str, Any]) -> list[FieldError]:
    problems = []
    if not places.area_lies_in(fields["adm1"], fields["country"]):
        problems.append(FieldError("adm1", "not_in_country"))
    if not places.is_time_zone(fields["time_zone"]):
        problems.append(FieldError("time_zone", "not_a_time_zone"))
    if not places.is_whole_location(fields["latitude"], fields["longitude"]):
        problems.append(FieldError("longitude", "both_or_none"))
    if bool(fields["opens_at"]) != bool(fields["closes_at"]):
        problems.append(FieldError("closes_at", "both_or_none"))
    youngest, oldest = fields["youngest"], fields["oldest"]
    if youngest is not None and oldest is not None and youngest > oldest:
        problems.append(FieldError("oldest", "ages_crossed"))
    return problems + _wrong_protection(fields)


def _wrong_protection(fields: dict[str, Any]) -> list[FieldError]:
    if not fields["is_protected"]:
        refuge = fields["type"] in CONFIDENTIAL_TYPES
        return [FieldError("is_protected", "must_be_protected")] if refuge else []
    way = fields["meeting_point"] or fields["phone"]
    return [] if way else [FieldError("meeting_point", "no_way_to_meet")]
