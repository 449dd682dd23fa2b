"""Opens, changes and closes desks."""

from collections.abc import Mapping
from datetime import date
from typing import NotRequired, TypedDict

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.actions import record_audit
from app.field_errors import FieldError
from app.places import rules
from app.places.models import Desk
from app.places.queries import DeskRow
from app.web.form_errors import FormOutcome, stale_version
from app.web.outcomes import Accepted, Invalid

DESKS = Desk.__table__


class DeskFields(TypedDict):
    """The fields of a desk that may change."""

    name: str
    adm1: str
    time_zone: str
    organisation: str
    modality: str
    opened_on: date
    closed_on: NotRequired[date | None]
    latitude: NotRequired[float | None]
    longitude: NotRequired[float | None]


class NewDeskFields(DeskFields):
    """The fields with which a desk is opened."""

    code: str
    country: str


def open_desk(session: Session, account_id: int | None, fields: NewDeskFields) -> FormOutcome[None]:
    """Open a desk."""
    errors = _validate(fields, fields["country"])
    if not rules.is_code(fields["code"]):
        errors.append(FieldError("code", "not_a_desk_code"))
    if errors:
        return Invalid(errors)
    if not _insert_once(session, {"version": 1, **fields}):
        return Invalid([FieldError("code", "taken")])
    record_audit(account_id, "desk_opened", f"desk:{fields['code']}", fields["country"])
    return Accepted(None)


def _insert_once(session: Session, row: Mapping[str, object]) -> bool:
    try:
        with session.begin_nested():
            session.execute(insert(DESKS).values(**row))
    except IntegrityError:
        return False
    return True


def change_desk(
    session: Session, account_id: int, desk: DeskRow, version: int, fields: DeskFields
) -> FormOutcome[None]:
    """Change all of a desk but its code and country."""
    errors = _validate(fields, desk.country)
    if errors:
        return Invalid(errors)
    unchanged = update(DESKS).where(DESKS.c.id == desk.id, DESKS.c.version == version)
    statement = unchanged.values(version=version + 1, **fields).returning(DESKS.c.id)
    if session.execute(statement).first() is None:
        return stale_version()
    record_audit(account_id, "desk_changed", f"desk:{desk.code}", desk.country)
    return Accepted(None)


def close_desk(
    session: Session, account_id: int, desk: DeskRow, version: int, closed_on: date
) -> FormOutcome[None]:
    """Set the last day of a desk."""
    if closed_on < desk.opened_on:
        return Invalid([FieldError("closed_on", "closes_before_opening")])
    unchanged = update(DESKS).where(DESKS.c.id == desk.id, DESKS.c.version == version)
    statement = unchanged.values(version=version + 1, closed_on=closed_on).returning(DESKS.c.id)
    if session.execute(statement).first() is None:
        return stale_version()
    record_audit(account_id, "desk_closed", f"desk:{desk.code}", desk.country)
    return Accepted(None)


def _validate(fields: DeskFields, country: str) -> list[FieldError]:
    errors = []
    if not rules.area_lies_in(fields["adm1"], country):
        errors.append(FieldError("adm1", "not_in_country"))
    if not rules.is_time_zone(fields["time_zone"]):
        errors.append(FieldError("time_zone", "not_a_time_zone"))
    if not rules.is_whole_location(fields.get("latitude"), fields.get("longitude")):
        errors.append(FieldError("longitude", "both_or_none"))
    closed_on = fields.get("closed_on")
    if closed_on is not None and closed_on < fields["opened_on"]:
        errors.append(FieldError("closed_on", "closes_before_opening"))
    return errors
