"""Writes the person lines of a consultation, in the transaction that records or changes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from app.base.database import insert_rows
from app.base.month import Month
from app.people.queries import LINES
from app.people.rules import previous_by_answer

NEW = insert(LINES)


@dataclass(frozen=True)
class Contact:
    """The consultation that lines belong to."""

    consultation_id: UUID
    desk_id: int
    country: str
    held_on: date
    main_topic: str
    qualifying: bool


@dataclass(frozen=True)
class People:
    """`n` people of one profile, with their group's answer to "first time?"."""

    place: int
    sex: str
    age_band: str
    nationality: str
    situation: str
    repeat_contact: str
    n: int


def as_lines(contact: Contact, people: Sequence[People]) -> list[dict[str, Any]]:
    """The rows of person_line, without writing them."""
    month = Month.of(contact.held_on)
    shared = {**contact.__dict__, "month": int(month), "is_void": False, "ordinal": 0}
    lines = []
    for some in people:
        previous = previous_by_answer(some.repeat_contact, month)
        contacts = {
            "known": previous.known,
            "previous_in_country": previous.in_country,
            "previous_in_programme": previous.in_programme,
        }
        lines.append({**shared, **some.__dict__, **contacts})
    return lines


def write_lines(session: Session, contact: Contact, people: Sequence[People]) -> None:
    """Adds the lines of a consultation that has none."""
    insert_rows(session, NEW, as_lines(contact, people))


def replace_lines(session: Session, contact: Contact, people: Sequence[People]) -> None:
    """Puts these lines in the place of those that the consultation had."""
    session.execute(delete(LINES).where(LINES.c.consultation_id == contact.consultation_id))
    write_lines(session, contact, people)


def void_lines(session: Session, consultation_id: UUID) -> None:
    """Takes a consultation's lines out of every figure; they stay for the trail."""
    mine = update(LINES).where(LINES.c.consultation_id == consultation_id)
    session.execute(mine.values(is_void=True))
