"""Reads who came with a visitor card last and when its people came before; never at which desk, never their topics."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.db.session import AnyRow
from app.month import Month
from app.people.models.cards import VisitorCard
from app.people.models.lines import PersonLine
from app.people.queries.cards import CardRow

CARDS = VisitorCard.__table__
LINES = PersonLine.__table__


def list_last_composition(session: Session, card: CardRow, until: date) -> Sequence[AnyRow]:
    """Return the people in the card's last qualifying live consultation up to a day, in any country, by group.

    Rows of group_index, nationality, situation, sex, age_band and n; none if the card was never shown.
    """
    contacts = _contacts(select(LINES.c.consultation_id), card, until)
    latest = contacts.order_by(LINES.c.held_on.desc(), LINES.c.consultation_id.desc()).limit(1)
    profile = (
        LINES.c.group_index,
        LINES.c.nationality,
        LINES.c.situation,
        LINES.c.sex,
        LINES.c.age_band,
    )
    query = (
        select(*profile, func.sum(LINES.c.n).label("n"))
        .where(LINES.c.consultation_id == latest.scalar_subquery())
        .group_by(*profile)
        .order_by(*profile)
    )
    return session.execute(query).all()


def find_last_month(session: Session, card: CardRow, country: str, until: date) -> Month | None:
    """Return the month of the card's last qualifying live consultation in a country up to a day, None without one."""
    query = _contacts(select(func.max(LINES.c.month)), card, until)
    month = session.scalar(query.where(LINES.c.country == country))
    return None if month is None else Month(month // 100, month % 100)


def _contacts(query: Select[Any], card: CardRow, until: date) -> Select[Any]:
    is_in_group = or_(CARDS.c.id == card.root_id, CARDS.c.root_id == card.root_id)
    return query.where(
        LINES.c.card_id.in_(select(CARDS.c.id).where(is_in_group)),
        LINES.c.held_on <= until,
        LINES.c.qualifying.is_(True),
        LINES.c.is_void.is_(False),
    )
