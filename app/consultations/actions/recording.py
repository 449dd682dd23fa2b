"""Records a consultation: the one intake behind the page, the JSON and whatever else sends one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.consultations import queries
from app.consultations.actions.rows import contact_of, new_row, people_of
from app.consultations.queries import ROWS
from app.consultations.rules import checks
from app.consultations.rules.consultation_data import ATTACHED, Content, Reading
from app.db import idempotency
from app.field_errors import FieldError
from app.people.actions.cards import find_all as find_all_cards
from app.people.actions.lines import hold_cards, write_lines
from app.people.queries.cards import Card, get_card
from app.places.queries import DeskRow, find_desk
from app.places.rules import closes_with_country
from app.places.vocabulary import programme
from app.settings import current_settings
from app.web.access import Principal, Scope


@dataclass(frozen=True)
class Arrival:
    """How a consultation arrived: `new`, `same` or `different`; the version that stands now.

    The version is 0 where it is different.
    """

    id: str
    arrival: str
    version: int


Asked: TypeAlias = tuple[Principal, Reading]
"""A consultation to be recorded: in whose name, and what was read of it."""


@dataclass(frozen=True, eq=False)
class Right:
    """A consultation that may be written, with its row and its card."""

    by: Principal
    content: Content
    card: Card | None
    row: dict[str, Any]


def record(session: Session, by: Principal, reading: Reading) -> Arrival | list[FieldError]:
    """Records what was read; all problems at once where anything is wrong."""
    return record_all(session, [(by, reading)])[0]


def record_all(session: Session, asked: Sequence[Asked]) -> list[Arrival | list[FieldError]]:
    """Records many consultations as one set: how each ended, in their order.

    Cards are held first, then rows, both in the order of their ids; cells change last.
    """
    looked = _look_at(session, asked)
    right = [one for one in looked if isinstance(one, Right)]
    new = _insert(session, right)
    others = {one.row["id"] for one in right if one not in new}
    known = queries.find_arrivals(session, others) if others else {}
    return [one if isinstance(one, list) else new.get(one) or _known(known, one) for one in looked]


def _look_at(session: Session, asked: Sequence[Asked]) -> list[Right | list[FieldError]]:
    """What may be written of each, or all that is wrong with it; each desk and card is read once."""
    codes = {reading.card for _, reading in asked if reading.card and reading.card != ATTACHED}
    cards = find_all_cards(session, codes) if codes else {}
    desks: dict[tuple[Scope, str], DeskRow | None] = {}
    looked = list[Right | list[FieldError]]()
    for by, reading in asked:
        key = (by.scope, reading.desk)
        if key not in desks:
            desks[key] = _own_desk(session, *key)
        looked.append(_look(by, reading, desks[key], cards.get(reading.card or "")))
    return looked


def _own_desk(session: Session, scope: Scope, code: str) -> DeskRow | None:
    desk = find_desk(session, scope, code) if code else None
    return desk if desk is not None and desk.id in scope.desks else None


def _look(
    by: Principal, reading: Reading, desk: DeskRow | None, card: Card | str | None
) -> Right | list[FieldError]:
    problems = what_is_wrong(reading, desk, card)
    content = reading.content
    if problems or content is None or desk is None or isinstance(card, str):
        return problems
    content = with_card(with_language(content, desk), card)
    return Right(by, content, card, new_row(content, desk, by.account_id) | reading.telemetry)


def _insert(session: Session, right: Sequence[Right]) -> dict[Right, Arrival]:
    """Writes those whose ids are not there yet; where an id stands twice, the first of the two."""
    roots = hold_cards(session, [one.card for one in right if one.card is not None])
    rows = sorted((one.row for one in right), key=lambda row: row["id"])
    ids = idempotency.insert_all_once(session, ROWS, rows)
    first = {one.row["id"]: one for one in reversed(right)}
    new = [one for id_, one in first.items() if id_ in ids][::-1]
    lines = [(contact_of(one.row, one.card), people_of(one.content)) for one in new]
    if lines:
        write_lines(session, lines, roots)
    for one in new:
        record_audit(one.by.account_id, "recorded", f"consultation:{one.content.id}", one.row["country"])
    return {one: Arrival(one.content.id, idempotency.NEW, 1) for one in new}


def what_is_wrong(
    reading: Reading, desk: DeskRow | None, card: Card | str | None = None
) -> list[FieldError]:
    """What could not be read and what the rules say to the rest.

    A desk of None is no desk of one's own; a text in the place of the card is what is wrong with it.
    """
    found = list(checks.wrong_answers(reading.answers))
    if isinstance(card, str):
        found.append(("card", card))
    if desk is None and reading.desk:
        found.append(("desk", "not_your_desk"))
    if reading.held_on is not None:
        found += _wrong_on(reading.answers, desk)
    told = {field for field, _ in reading.problems}
    later = [one for one in found if one[0] not in told]
    return [FieldError(*one) for one in (*reading.problems, *later)]


def _wrong_on(answers: Content, desk: DeskRow | None) -> Iterator[tuple[str, str]]:
    code = _wrong_day(desk, answers.held_on) if desk else None
    if code:
        yield "held_on", code
    start = current_settings().reporting_year_start
    yield from checks.impossible_answers(answers.groups, answers.month, start)


def _wrong_day(desk: DeskRow, held_on: date) -> str | None:
    last = closes_with_country(desk.country, desk.closed_on)
    return checks.wrong_day(held_on, clock.today_at(desk.time_zone), desk.opened_on, last)


def with_language(content: Content, desk: DeskRow) -> Content:
    """The content with the desk's first language where none was said."""
    if content.is_tally or content.language:
        return content
    return replace(content, language=programme()[desk.country].languages[0])


def card_of(session: Session, reading: Reading, attached: int | None = None) -> Card | str | None:
    """The card that was sent or is `attached` already; the code of a problem where it is none of ours."""
    if reading.card == ATTACHED:
        return get_card(session, attached) if attached is not None else None
    return find_all_cards(session, [reading.card])[reading.card] if reading.card else None


def with_card(content: Content, card: Card | None) -> Content:
    """The content with the row of its card."""
    return replace(content, card_id=card.id if card else None)


def _known(known: Mapping[UUID, Any], one: Right) -> Arrival:
    row, found = one.row, known.get(one.row["id"])
    same = found is not None and found.arrival_digest == row["arrival_digest"]
    if found is not None and same and found.desk_id in one.by.scope.desks:
        return Arrival(str(row["id"]), idempotency.SAME, found.version)
    return Arrival(str(row["id"]), idempotency.DIFFERENT, 0)
