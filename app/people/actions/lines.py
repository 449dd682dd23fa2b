"""Writes the person lines of a consultation and what figures are read from, in the transaction that changes it."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.month import Month
from app.people.actions.aggregates import apply
from app.people.actions.previous_contacts import relink
from app.people.queries.cards import Card, lock_roots
from app.people.queries.lines import LINES, list_lines
from app.people.rules.aggregates import ADD, TAKE, Sums
from app.people.rules.reach import previous_by_answer


@dataclass(frozen=True)
class Contact:
    """The consultation that lines belong to, with the card that was shown, if any."""

    consultation_id: UUID
    desk_id: int
    country: str
    held_on: date
    topics: tuple[str, ...]
    main_topic: str
    outcomes: tuple[str, ...]
    qualifying: bool
    is_tally: bool
    persons: int
    received_at: datetime
    card: Card | None = None


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
    """The rows of person_line as far as the answers go, without writing them; a card's people one by one."""
    month = Month.of(contact.held_on)
    plain = (
        "consultation_id",
        "desk_id",
        "country",
        "held_on",
        "topics",
        "main_topic",
        "qualifying",
    )
    shared = {name: getattr(contact, name) for name in plain}
    shared |= {"month": int(month), "is_void": False, "card_id": None, "ordinal": 0}
    lines = []
    for some in people:
        previous = previous_by_answer(some.repeat_contact, month)
        contacts = {
            "known": previous.known,
            "previous_in_country": previous.in_country,
            "previous_in_programme": previous.in_programme,
        }
        lines.append({**shared, **some.__dict__, **contacts})
    return lines if contact.card is None else _one_by_one(lines, contact.card)


def _one_by_one(lines: list[dict[str, Any]], card: Card) -> list[dict[str, Any]]:
    """One line a person; ordinals run over the whole consultation, whatever its groups."""
    met: Counter[tuple[str, str, str]] = Counter()
    persons = []
    for line in lines:
        profile = (line["sex"], line["age_band"], line["nationality"])
        for _ in range(line["n"]):
            met[profile] += 1
            persons.append({**line, "n": 1, "card_id": card.id, "ordinal": met[profile]})
    return persons


def hold_cards(session: Session, cards: Collection[Card]) -> dict[int, int]:
    """The root of each card by its id, held until the transaction ends: before any row of a record is."""
    return lock_roots(session, cards)


def write_lines(
    session: Session,
    some: Iterable[tuple[Contact, Sequence[People]]],
    roots: Mapping[int, int],
) -> None:
    """Adds the lines of consultations that have none, all at once; the `roots` of their cards are held."""
    sums, lines = Sums(), list[dict[str, Any]]()
    for contact, people in some:
        lines += as_lines(contact, people)
        sums.volume(contact, ADD)
    _link(session, sums, roots, lines)
    for line in lines:
        sums.line(line, ADD)
    apply(session, sums, lines)


def _link(
    session: Session, sums: Sums, roots: Mapping[int, int], lines: Sequence[dict[str, Any]]
) -> None:
    """Gives new lines of cards their previous contacts: those of all their people are read once."""
    arriving = [line for line in lines if line["card_id"] is not None]
    if arriving:
        own = {line["card_id"]: roots[line["card_id"]] for line in arriving}
        relink(session, sums, own, arriving)


def replace_lines(
    session: Session, before: Contact | None, contact: Contact, people: Sequence[People]
) -> None:
    """Puts these lines in the place of those that the consultation had; `before` is None where it was void."""
    sums, roots = Sums(), _hold(session, before, contact)
    if before is not None:
        _take(session, sums, before)
    session.execute(delete(LINES).where(LINES.c.consultation_id == contact.consultation_id))
    apply(session, sums, _add(session, sums, roots, contact, people))


def void_lines(session: Session, before: Contact) -> None:
    """Takes a live consultation's lines out of every figure; they stay for the trail."""
    sums, roots = Sums(), _hold(session, before)
    _take(session, sums, before)
    mine = update(LINES).where(LINES.c.consultation_id == before.consultation_id)
    session.execute(mine.values(is_void=True))
    if roots:
        relink(session, sums, roots, ())
    apply(session, sums)


def _hold(session: Session, *contacts: Contact | None) -> dict[int, int]:
    """The roots of the contacts' cards, held before anything of their people is read."""
    return hold_cards(session, [c.card for c in contacts if c is not None and c.card is not None])


def _add(
    session: Session,
    sums: Sums,
    roots: dict[int, int],
    contact: Contact,
    people: Sequence[People],
) -> list[dict[str, Any]]:
    lines = as_lines(contact, people)
    if roots:
        relink(session, sums, roots, lines if contact.card else ())
    for line in lines:
        sums.line(line, ADD)
    sums.volume(contact, ADD)
    return lines


def _take(session: Session, sums: Sums, before: Contact) -> None:
    for row in list_lines(session, before.consultation_id):
        sums.line(row._asdict(), TAKE)
    sums.volume(before, TAKE)
