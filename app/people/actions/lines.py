"""Writes the person lines of a consultation and the aggregates, in the transaction that changes the consultation."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.month import Month
from app.people.actions.aggregates import LineColumns, apply_delta
from app.people.actions.previous_contacts import recompute_previous_contacts
from app.people.queries.cards import CardRow, lock_card_groups
from app.people.queries.lines import LINES, list_lines_unscoped
from app.people.rules.aggregates import AggregateDelta
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
    """`n` people of one profile, with their group's answer to "first time?"; fields are columns of person_line."""

    group_index: int
    sex: str
    age_band: str
    nationality: str
    situation: str
    repeat_contact: str
    n: int


def build_lines(context: ConsultationContext, people: Sequence[ProfileCount]) -> list[LineColumns]:
    """Return the rows of person_line by the answers alone, unsaved; one row a person if there is a card."""
    month = Month.containing(context.held_on)
    copied = (
        "consultation_id",
        "desk_id",
        "country",
        "held_on",
        "topics",
        "main_topic",
        "qualifying",
    )
    shared = {name: getattr(context, name) for name in copied}
    shared |= {"month": int(month), "is_void": False, "card_id": None, "ordinal": 0}
    lines = []
    for count in people:
        previous = previous_by_answer(count.repeat_contact, month)
        previous_columns = {
            "is_known": previous.is_known,
            "previous_in_country": previous.in_country,
            "previous_in_programme": previous.in_programme,
        }
        lines.append({**shared, **count.__dict__, **previous_columns})
    return lines if context.card is None else _line_per_person(lines, context.card)


def _line_per_person(lines: list[LineColumns], card: CardRow) -> list[LineColumns]:
    """Return one line a person; ordinals run over the whole consultation, not over a group."""
    ordinals: Counter[tuple[str, str, str]] = Counter()
    persons = []
    for line in lines:
        profile = (line["sex"], line["age_band"], line["nationality"])
        for _ in range(line["n"]):
            ordinals[profile] += 1
            persons.append({**line, "n": 1, "card_id": card.id, "ordinal": ordinals[profile]})
    return persons


def lock_cards(session: Session, cards: Collection[CardRow]) -> dict[int, int]:
    """Lock the groups of these cards, before any row of a record is locked; return the root's id by card id."""
    return lock_card_groups(session, cards)


def write_lines(
    session: Session,
    consultations: Iterable[tuple[ConsultationContext, Sequence[ProfileCount]]],
    roots: Mapping[int, int],
) -> None:
    """Add the lines of consultations that have none, all at once; `roots` are those of their cards, locked."""
    delta, lines = AggregateDelta(), list[LineColumns]()
    for context, people in consultations:
        lines += build_lines(context, people)
        delta.add_volume(context, +1)
    _set_previous_contacts(session, delta, roots, lines)
    for line in lines:
        delta.add_line(line, +1)
    apply_delta(session, delta, lines)


def _set_previous_contacts(
    session: Session,
    delta: AggregateDelta,
    roots: Mapping[int, int],
    lines: Sequence[LineColumns],
) -> None:
    """Set the previous contacts of new lines with cards; the lines of all their people are read once."""
    new_lines = [line for line in lines if line["card_id"] is not None]
    if new_lines:
        own_roots = {line["card_id"]: roots[line["card_id"]] for line in new_lines}
        recompute_previous_contacts(session, delta, own_roots, new_lines)


def replace_lines(
    session: Session,
    before: ConsultationContext | None,
    context: ConsultationContext,
    people: Sequence[ProfileCount],
) -> None:
    """Replace the lines of a consultation; `before` is None if the consultation was void."""
    delta, roots = AggregateDelta(), _lock_card_groups(session, before, context)
    if before is not None:
        _subtract(session, delta, before)
    session.execute(delete(LINES).where(LINES.c.consultation_id == context.consultation_id))
    apply_delta(session, delta, _add(session, delta, roots, context, people))


def void_lines(session: Session, before: ConsultationContext) -> None:
    """Remove a live consultation's lines from every figure; the rows stay as its history."""
    delta, roots = AggregateDelta(), _lock_card_groups(session, before)
    _subtract(session, delta, before)
    own_lines = update(LINES).where(LINES.c.consultation_id == before.consultation_id)
    session.execute(own_lines.values(is_void=True))
    if roots:
        recompute_previous_contacts(session, delta, roots, ())
    apply_delta(session, delta)


def _lock_card_groups(session: Session, *contexts: ConsultationContext | None) -> dict[int, int]:
    """Lock the groups of the consultations' cards, before any line of their people is read."""
    return lock_cards(session, [c.card for c in contexts if c is not None and c.card is not None])


def _add(
    session: Session,
    delta: AggregateDelta,
    roots: dict[int, int],
    context: ConsultationContext,
    people: Sequence[ProfileCount],
) -> list[LineColumns]:
    lines = build_lines(context, people)
    if roots:
        recompute_previous_contacts(session, delta, roots, lines if context.card else ())
    for line in lines:
        delta.add_line(line, +1)
    delta.add_volume(context, +1)
    return lines


def _subtract(session: Session, delta: AggregateDelta, before: ConsultationContext) -> None:
    for row in list_lines_unscoped(session, before.consultation_id):
        delta.add_line(row._asdict(), -1)
    delta.add_volume(before, -1)
