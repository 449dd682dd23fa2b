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
from app.people.actions.aggregates import apply_delta
from app.people.actions.previous_contacts import recompute_previous_contacts
from app.people.queries.cards import CardRow, lock_card_groups
from app.people.queries.lines import LINES, list_lines_unscoped
from app.people.rules.aggregates import ADD, TAKE, AggregateDelta
from app.people.rules.reach import previous_by_answer


@dataclass(frozen=True)
class ConsultationContext:
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
    card: CardRow | None = None


@dataclass(frozen=True)
class ProfileCount:
    """`n` people of one profile, with their group's answer to "first time?"."""

    place: int
    sex: str
    age_band: str
    nationality: str
    situation: str
    repeat_contact: str
    n: int


def build_lines(
    contact: ConsultationContext, people: Sequence[ProfileCount]
) -> list[dict[str, Any]]:
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
            "known": previous.is_known,
            "previous_in_country": previous.in_country,
            "previous_in_programme": previous.in_programme,
        }
        lines.append({**shared, **some.__dict__, **contacts})
    return lines if contact.card is None else _one_by_one(lines, contact.card)


def _one_by_one(lines: list[dict[str, Any]], card: CardRow) -> list[dict[str, Any]]:
    """One line a person; ordinals run over the whole consultation, whatever its groups."""
    met: Counter[tuple[str, str, str]] = Counter()
    persons = []
    for line in lines:
        profile = (line["sex"], line["age_band"], line["nationality"])
        for _ in range(line["n"]):
            met[profile] += 1
            persons.append({**line, "n": 1, "card_id": card.id, "ordinal": met[profile]})
    return persons


def lock_cards(session: Session, cards: Collection[CardRow]) -> dict[int, int]:
    """The root of each card by its id, held until the transaction ends: before any row of a record is."""
    return lock_card_groups(session, cards)


def write_lines(
    session: Session,
    some: Iterable[tuple[ConsultationContext, Sequence[ProfileCount]]],
    roots: Mapping[int, int],
) -> None:
    """Adds the lines of consultations that have none, all at once; the `roots` of their cards are held."""
    sums, lines = AggregateDelta(), list[dict[str, Any]]()
    for contact, people in some:
        lines += build_lines(contact, people)
        sums.add_volume(contact, ADD)
    _link(session, sums, roots, lines)
    for line in lines:
        sums.add_line(line, ADD)
    apply_delta(session, sums, lines)


def _link(
    session: Session,
    sums: AggregateDelta,
    roots: Mapping[int, int],
    lines: Sequence[dict[str, Any]],
) -> None:
    """Gives new lines of cards their previous contacts: those of all their people are read once."""
    arriving = [line for line in lines if line["card_id"] is not None]
    if arriving:
        own = {line["card_id"]: roots[line["card_id"]] for line in arriving}
        recompute_previous_contacts(session, sums, own, arriving)


def replace_lines(
    session: Session,
    before: ConsultationContext | None,
    contact: ConsultationContext,
    people: Sequence[ProfileCount],
) -> None:
    """Puts these lines in the place of those that the consultation had; `before` is None where it was void."""
    sums, roots = AggregateDelta(), _hold(session, before, contact)
    if before is not None:
        _take(session, sums, before)
    session.execute(delete(LINES).where(LINES.c.consultation_id == contact.consultation_id))
    apply_delta(session, sums, _add(session, sums, roots, contact, people))


def void_lines(session: Session, before: ConsultationContext) -> None:
    """Takes a live consultation's lines out of every figure; they stay for the trail."""
    sums, roots = AggregateDelta(), _hold(session, before)
    _take(session, sums, before)
    mine = update(LINES).where(LINES.c.consultation_id == before.consultation_id)
    session.execute(mine.values(is_void=True))
    if roots:
        recompute_previous_contacts(session, sums, roots, ())
    apply_delta(session, sums)


def _hold(session: Session, *contacts: ConsultationContext | None) -> dict[int, int]:
    """The roots of the contacts' cards, held before anything of their people is read."""
    return lock_cards(session, [c.card for c in contacts if c is not None and c.card is not None])


def _add(
    session: Session,
    sums: AggregateDelta,
    roots: dict[int, int],
    contact: ConsultationContext,
    people: Sequence[ProfileCount],
) -> list[dict[str, Any]]:
    lines = build_lines(contact, people)
    if roots:
        recompute_previous_contacts(session, sums, roots, lines if contact.card else ())
    for line in lines:
        sums.add_line(line, ADD)
    sums.add_volume(contact, ADD)
    return lines


def _take(session: Session, sums: AggregateDelta, before: ConsultationContext) -> None:
    for row in list_lines_unscoped(session, before.consultation_id):
        sums.add_line(row._asdict(), TAKE)
    sums.add_volume(before, TAKE)
