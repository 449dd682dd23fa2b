"""Reads desks."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session

from app.base.access import Scope
from app.base.database import connection_of
from app.places import rules
from app.places.models import Desk

DESKS = Desk.__table__
OF_CODE = select(DESKS).where(DESKS.c.code == bindparam("wanted"))
EVERYWHERE = Scope(programme=True)
"""Every desk, for those who configure them: a desk is no row about people."""


@dataclass(frozen=True)
class DeskRow:
    """One desk as it stands; `version` grows with every change."""

    id: int
    code: str
    name: str
    country: str
    adm1: str
    time_zone: str
    organisation: str
    modality: str
    opened_on: date
    closed_on: date | None
    version: int


def _desk(row: Row[tuple[object, ...]]) -> DeskRow:
    return DeskRow(**row._mapping)


def _within(scope: Scope, wanted: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
    if scope.programme:
        return wanted
    return wanted.where(DESKS.c.id.in_(scope.desks) | DESKS.c.country.in_(scope.countries))


def find_desk(session: Session, scope: Scope, code: str) -> DeskRow | None:
    """The desk of that code within the scope, None where there is none or it is somebody else's."""
    if not code.isprintable():
        return None
    if not rules.is_code(code):
        return None
    row = connection_of(session).execute(OF_CODE, {"wanted": code}).first()
    desk = _desk(row) if row else None
    return desk if desk and _may_see(scope, desk) else None


def _may_see(scope: Scope, desk: DeskRow) -> bool:
    return scope.programme or desk.id in scope.desks or desk.country in scope.countries


def list_desks(session: Session, scope: Scope) -> list[DeskRow]:
    """The desks within the scope, by country and code."""
    wanted = _within(scope, select(DESKS)).order_by(DESKS.c.country, DESKS.c.code)
    return [_desk(row) for row in session.execute(wanted)]


def has_desks(session: Session) -> bool:
    """Whether any desk exists."""
    return session.execute(select(DESKS.c.id).order_by(DESKS.c.id).limit(1)).first() is not None


def get_code(session: Session, desk_id: int) -> str:
    """The code of a desk; its number where there is none."""
    wanted = select(DESKS.c.code).where(DESKS.c.id == desk_id)
    return session.execute(wanted).scalar() or str(desk_id)
