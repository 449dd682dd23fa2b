"""Reads person lines for the pages of one desk."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.base.access import Scope
from app.people.models import PersonLine

LINES = PersonLine.__table__


def list_lines(session: Session, consultation_id: UUID) -> Sequence[Row[tuple[object, ...]]]:
    """The lines of one consultation, group by group; the caller has checked its scope."""
    wanted = select(LINES).where(LINES.c.consultation_id == consultation_id)
    return session.execute(wanted.order_by(LINES.c.place, LINES.c.id)).all()


def list_lines_of_day(
    session: Session, scope: Scope, desk_id: int, first: date, last: date
) -> Sequence[Row[tuple[object, ...]]]:
    """The lines of a desk's consultations held from first to last, within the scope."""
    wanted = select(LINES).where(LINES.c.desk_id == desk_id, LINES.c.held_on.between(first, last))
    if not scope.programme:
        own = LINES.c.desk_id.in_(scope.desks) | LINES.c.country.in_(scope.countries)
        wanted = wanted.where(own)
    return session.execute(wanted.order_by(LINES.c.place, LINES.c.id)).all()


def most_met_nationalities(
    session: Session, scope: Scope, desk_id: int, first: date, last: date
) -> list[str]:
    """Nationalities met at a desk from first to last, most people first, then by code."""
    met = (
        select(LINES.c.nationality)
        .where(LINES.c.desk_id == desk_id, LINES.c.desk_id.in_(scope.desks))
        .where(LINES.c.held_on.between(first, last), LINES.c.is_void.is_(False))
        .group_by(LINES.c.nationality)
        .order_by(func.sum(LINES.c.n).desc(), LINES.c.nationality)
    )
    return list(session.scalars(met))
