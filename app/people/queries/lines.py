"""Reads person lines: of one consultation, of a desk's days, of the people of a card group."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.db.session import AnyRow
from app.people.models.lines import PersonLine
from app.people.queries.cards import CARDS, CardRow
from app.people.rules.reach import PreviousContact
from app.web.access import Scope

LINES = PersonLine.__table__
ROOT = func.coalesce(CARDS.c.root_id, CARDS.c.id).label("root")


def list_lines_unscoped(session: Session, consultation_id: UUID) -> Sequence[AnyRow]:
    """Return the lines of one consultation, group by group; the caller has checked its scope."""
    query = select(LINES).where(LINES.c.consultation_id == consultation_id)
    return session.execute(query.order_by(LINES.c.group_index, LINES.c.id)).all()


def find_cards_of_consultations_unscoped(
    session: Session, consultation_ids: Collection[UUID]
) -> dict[int, CardRow]:
    """Return the cards that were shown in these consultations, by card id."""
    query = (
        select(CARDS.c.id, CARDS.c.root_id, CARDS.c.is_replaced)
        .join(LINES, LINES.c.card_id == CARDS.c.id)
        .where(LINES.c.consultation_id.in_(consultation_ids))
        .distinct()
    )
    rows = session.execute(query.order_by(CARDS.c.id))
    return {row.id: CardRow(row.id, row.root_id or row.id, row.is_replaced) for row in rows}


def list_lines_of_groups(session: Session, roots: Collection[int]) -> Sequence[AnyRow]:
    """Return the counting lines of these card groups, whichever card was shown, each with its `root`."""
    query = _counting_lines_of(roots, LINES, ROOT)
    return session.execute(query.order_by(LINES.c.id)).all()


def list_contacts_of_groups(
    session: Session, roots: Collection[int]
) -> list[tuple[int, tuple[Any, ...], tuple[Any, ...], PreviousContact]]:
    """Return the contacts in the same lines: root, profile, contact, stored previous contact.

    Root and profile are the `unit` of a rules.reach.PersonContact, the contact is its other fields.
    """
    line = LINES.c
    query = _counting_lines_of(
        roots,
        *(ROOT, line.sex, line.age_band, line.nationality, line.ordinal),
        *(line.held_on, line.consultation_id, line.country, line.repeat_contact),
        *(line.is_known, line.previous_in_country, line.previous_in_programme),
    )
    rows = session.execute(query.order_by(line.id)).all()
    return [
        (row[0], tuple(row[1:5]), tuple(row[5:9]), PreviousContact(bool(row[9]), row[10], row[11]))
        for row in rows
    ]


def _counting_lines_of(roots: Collection[int], *columns: Any) -> Select[Any]:
    joined = select(*columns).join(CARDS, CARDS.c.id == LINES.c.card_id)
    is_in_groups = or_(CARDS.c.id.in_(roots), CARDS.c.root_id.in_(roots))
    return joined.where(is_in_groups, LINES.c.qualifying, LINES.c.is_void.is_(False))


def list_desk_lines(
    session: Session, scope: Scope, desk_id: int, first: date, last: date
) -> Sequence[AnyRow]:
    """Return the lines of a desk's consultations held from first to last, within the scope."""
    query = select(LINES).where(LINES.c.desk_id == desk_id, LINES.c.held_on.between(first, last))
    if not scope.programme:
        is_in_scope = LINES.c.desk_id.in_(scope.desks) | LINES.c.country.in_(scope.countries)
        query = query.where(is_in_scope)
    return session.execute(query.order_by(LINES.c.group_index, LINES.c.id)).all()


def list_nationalities_by_frequency(
    session: Session, scope: Scope, desk_id: int, first: date, last: date
) -> list[str]:
    """Return the nationalities of people at a desk from first to last, the most frequent first, then by code."""
    query = (
        select(LINES.c.nationality)
        .where(LINES.c.desk_id == desk_id, LINES.c.desk_id.in_(scope.desks))
        .where(LINES.c.held_on.between(first, last), LINES.c.is_void.is_(False))
        .group_by(LINES.c.nationality)
        .order_by(func.sum(LINES.c.n).desc(), LINES.c.nationality)
    )
    return list(session.scalars(query))
