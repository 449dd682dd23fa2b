"""Opens, changes and closes desks."""

from datetime import date
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app.audit.actions import note
from app.base.problems import Problem
from app.places import queries, rules
from app.places.models import Desk
from app.places.queries import DeskRow

DESKS = Desk.__table__


def open_desk(session: Session, by: int | None, fields: dict[str, Any]) -> list[Problem]:
    """Opens a desk with these fields (those of DeskRow but id and version); problems where it may not stand so."""
    problems = _wrong(fields)
    if queries.find_desk(session, _everywhere(), fields["code"]):
        problems.append(Problem("code", "taken"))
    if problems:
        return problems
    session.execute(insert(DESKS).values(version=1, **fields))
    note(by, "desk_opened", fields["code"], fields["country"])
    return []


def change_desk(
    session: Session, by: int, desk: DeskRow, version: int, fields: dict[str, Any]
) -> list[Problem]:
    """Changes a desk's name, area, time zone, organisation, modality or dates; a stale version is refused."""
    problems = _wrong({"country": desk.country, **fields})
    if problems:
        return problems
    moved = update(DESKS).where(DESKS.c.id == desk.id, DESKS.c.version == version)
    if session.execute(moved.values(version=version + 1, **fields)).rowcount == 0:
        return [Problem("version", "stale")]
    note(by, "desk_changed", desk.code, desk.country)
    return []


def close_desk(
    session: Session, by: int, desk: DeskRow, version: int, closed_on: date
) -> list[Problem]:
    """Sets the last day of a desk."""
    if closed_on < desk.opened_on:
        return [Problem("closed_on", "closes_before_opening")]
    moved = update(DESKS).where(DESKS.c.id == desk.id, DESKS.c.version == version)
    if session.execute(moved.values(version=version + 1, closed_on=closed_on)).rowcount == 0:
        return [Problem("version", "stale")]
    note(by, "desk_closed", desk.code, desk.country)
    return []


def _wrong(fields: dict[str, Any]) -> list[Problem]:
    problems = []
    if not rules.area_lies_in(fields["adm1"], fields["country"]):
        problems.append(Problem("adm1", "unknown_code"))
    closed_on = fields.get("closed_on")
    if closed_on is not None and closed_on < fields["opened_on"]:
        problems.append(Problem("closed_on", "closes_before_opening"))
    return problems


def _everywhere() -> "queries.Scope":
    return queries.Scope(programme=True)
