"""Opens, changes and closes desks."""

from datetime import date
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.actions import record_audit
from app.field_errors import FieldError
from app.places import rules
from app.places.models import Desk
from app.places.queries import DeskRow

DESKS = Desk.__table__


def open_desk(session: Session, by: int | None, fields: dict[str, Any]) -> list[FieldError]:
    """Opens a desk with the fields of DeskRow but id and version; problems where it may not."""
    problems = _wrong(fields)
    if not rules.is_code(fields["code"]):
        problems.append(FieldError("code", "not_a_desk_code"))
    if problems:
        return problems
    if not _insert_once(session, {"version": 1, **fields}):
        return [FieldError("code", "taken")]
    record_audit(by, "desk_opened", f"desk:{fields['code']}", fields["country"])
    return []


def _insert_once(session: Session, row: dict[str, Any]) -> bool:
    try:
        with session.begin_nested():
            session.execute(insert(DESKS).values(**row))
    except IntegrityError:
        return False
    return True


def change_desk(
    session: Session, by: int, desk: DeskRow, version: int, fields: dict[str, Any]
) -> list[FieldError]:
    """Changes all of a desk but its code and country; a stale version is refused."""
    problems = _wrong({"country": desk.country, **fields})
    if problems:
        return problems
    moved = update(DESKS).where(DESKS.c.id == desk.id, DESKS.c.version == version)
    changed = moved.values(version=version + 1, **fields).returning(DESKS.c.id)
    if session.execute(changed).first() is None:
        return [FieldError("version", "stale")]
    record_audit(by, "desk_changed", f"desk:{desk.code}", desk.country)
    return []


def close_desk(
    session: Session, by: int, desk: DeskRow, version: int, closed_on: date
) -> list[FieldError]:
    """Sets the last day of a desk."""
    if closed_on < desk.opened_on:
        return [FieldError("closed_on", "closes_before_opening")]
    moved = update(DESKS).where(DESKS.c.id == desk.id, DESKS.c.version == version)
    changed = moved.values(version=version + 1, closed_on=closed_on).returning(DESKS.c.id)
    if session.execute(changed).first() is None:
        return [FieldError("version", "stale")]
    record_audit(by, "desk_closed", f"desk:{desk.code}", desk.country)
    return []


def _wrong(fields: dict[str, Any]) -> list[FieldError]:
    problems = []
    if not rules.area_lies_in(fields["adm1"], fields["country"]):
        problems.append(FieldError("adm1", "not_in_country"))
    if not rules.is_time_zone(fields["time_zone"]):
        problems.append(FieldError("time_zone", "not_a_time_zone"))
    if not rules.is_whole_location(fields.get("latitude"), fields.get("longitude")):
        problems.append(FieldError("longitude", "both_or_none"))
    closed_on = fields.get("closed_on")
    if closed_on is not None and closed_on < fields["opened_on"]:
        problems.append(FieldError("closed_on", "closes_before_opening"))
    return problems
