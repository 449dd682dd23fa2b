"""Reads what a visitor card held last and when its people came before; never where, and never what they asked."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.db.session import Record
from app.month import Month
from app.people.models.cards import VisitorCard
from app.people.models.lines import PersonLine
from app.people.queries.cards import CardRow

CARDS = VisitorCard.__table__
LINES = PersonLine.__table__


def list_last_composition(session: Session, card: CardRow, until: date) -> Sequence[Record]:
    """The people in the card's last qualifying live consultation held by a day, in any country, counted by group.

    Rows of place, nationality, situation, sex, age_band and n; none where the card was never shown.
    """
    contacts = _contacts(select(LINES.c.consultation_id), card, until)
    latest = contacts.order_by(LINES.c.held_on.desc(), LINES.c.consultation_id.desc()).limit(1)
    profile = (
        LINES.c.place,
        LINES.c.nationality,
        LINES.c.situation,
        LINES.c.sex,
        LINES.c.age_band,
    )
    wanted = (
        select(*profile, func.sum(LINES.c.n).label("n"))
        .where(LINES.c.consultation_id == latest.scalar_subquery())
        .group_by(*profile)
        .order_by(*profile)
    )
    return session.execute(wanted).all()


def find_last_month(session: Session, card: CardRow, country: str, until: date) -> Month | None:
    """The month of the card's last qualifying live consultation in a country held by a day; None without one."""
    wanted = _contacts(select(func.max(LINES.c.month)), card, until)
    month = session.scalar(wanted.where(LINES.c.country == country))
    return None if month is None else Month(month // 100, month % 100)


def _contacts(wanted: Select[Any], card: CardRow, until: date) -> Select[Any]:
    whole = or_(CARDS.c.id == card.root_id, CARDS.c.root_id == card.root_id)
    same_people = select(CARDS.c.id).where(whole)
    return wanted.where(
        LINES.c.card_id.in_(same_people),
        LINES.c.held_on <= until,
        LINES.c.qualifying.is_(True),
        LINES.c.is_void.is_(False),
    )
