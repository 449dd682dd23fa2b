"""Reads desks."""

from dataclasses import dataclass
from datetime import date

from flask import current_app
from sqlalchemy import Row, Select, bindparam, func, select
from sqlalchemy.orm import Session

from app.db.session import connection_of
from app.places import rules
from app.places.models import Desk
from app.web.access import Scope

DESKS = Desk.__table__
OF_CODE = select(DESKS).where(DESKS.c.code == bindparam("wanted"))
DESKS_AS_OF = select(func.coalesce(func.sum(DESKS.c.version), 0)).scalar_subquery()
"""What all desks' versions add up to: it changes when a desk is opened or changed, and desks are never deleted."""
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
    latitude: float | None
    longitude: float | None
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
    desk = _find(session, scope, code)
    return desk if desk and _may_see(scope, desk) else None


def _find(session: Session, scope: Scope, code: str) -> DeskRow | None:
    """The desk of that code as it stands; not read again while no desk has changed."""
    if scope.desks_as_of is None:
        return _read(session, code)
    known: dict[str, DeskRow] = {}
    as_of, kept = current_app.extensions.get("desks", (None, known))
    if as_of == scope.desks_as_of:
        known = kept
    else:
        current_app.extensions["desks"] = (scope.desks_as_of, known)
    if code not in known and (desk := _read(session, code)) is not None:
        known[code] = desk
    return known.get(code)


def _read(session: Session, code: str) -> DeskRow | None:
    row = connection_of(session).execute(OF_CODE, {"wanted": code}).first()
    return _desk(row) if row else None


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
