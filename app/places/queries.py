"""Queries of desks."""

from dataclasses import dataclass
from datetime import date

from flask import current_app
from sqlalchemy import Row, Select, bindparam, func, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from app.db.session import connection_of
from app.places import rules
from app.places.models import Desk
from app.web.access import Scope

DESKS = Desk.__table__
BY_CODE = select(DESKS).where(DESKS.c.code == bindparam("desk_code"))
DESKS_VERSION = select(func.coalesce(func.sum(DESKS.c.version), 0)).scalar_subquery()
"""The sum of all desks' versions: it changes when a desk is opened or changed, and desks are never deleted."""
ALL_DESKS = Scope(programme=True)
"""The scope of those who configure desks: a desk is not a personal row."""


@dataclass(frozen=True)
class DeskRow:
    """A stored desk; `version` grows with every change."""

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


def _within(scope: Scope, query: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
    if scope.programme:
        return query
    return query.where(DESKS.c.id.in_(scope.desks) | DESKS.c.country.in_(scope.countries))


def find_desk(session: Session, scope: Scope, code: str) -> DeskRow | None:
    """Return the desk of a code; None if there is none or it is outside the scope."""
    if not code.isprintable():
        return None
    if not rules.is_code(code):
        return None
    desk = _find(session, scope, code)
    return desk if desk and _may_see(scope, desk) else None


def get_own_desk(session: Session, scope: Scope, code: str | None, preferred: str = "") -> DeskRow:
    """Return the scope's desk of a code; without a code, its desk `preferred`, else its first.

    Raises NotFound (404) if the scope has no such desk.
    """
    if code:
        desk = find_desk(session, scope, code)
    else:
        own = find_desk(session, scope, preferred) if preferred else None
        desk = own or next(iter(list_desks(session, scope)), None)
    if desk is None:
        raise NotFound
    return desk


def _find(session: Session, scope: Scope, code: str) -> DeskRow | None:
    """Return the stored desk of a code; cached by the app until a desk changes."""
    if scope.desks_version is None:
        return _read(session, code)
    desks: dict[str, DeskRow] = {}
    version, cached = current_app.extensions.get("desks", (None, desks))
    if version == scope.desks_version:
        desks = cached
    else:
        current_app.extensions["desks"] = (scope.desks_version, desks)
    if code not in desks and (desk := _read(session, code)) is not None:
        desks[code] = desk
    return desks.get(code)


def _read(session: Session, code: str) -> DeskRow | None:
    row = connection_of(session).execute(BY_CODE, {"desk_code": code}).first()
    return _desk(row) if row else None


def _may_see(scope: Scope, desk: DeskRow) -> bool:
    return scope.programme or desk.id in scope.desks or desk.country in scope.countries


def list_desks(session: Session, scope: Scope) -> list[DeskRow]:
    """Return the desks within the scope, sorted by country and code."""
    query = _within(scope, select(DESKS)).order_by(DESKS.c.country, DESKS.c.code)
    return [_desk(row) for row in session.execute(query)]


def has_desks(session: Session) -> bool:
    """Whether any desk exists."""
    return session.execute(select(DESKS.c.id).order_by(DESKS.c.id).limit(1)).first() is not None


def get_desk_code(session: Session, desk_id: int) -> str:
    """Return the code of a desk; its id as text if there is no such desk."""
    query = select(DESKS.c.code).where(DESKS.c.id == desk_id)
    return session.execute(query).scalar() or str(desk_id)
