"""Records a consultation: the one intake behind the page, the JSON and whatever else sends one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from app.audit.actions import note
from app.base import arrival, clock
from app.base.access import Principal
from app.base.problems import Problem
from app.consultations import queries
from app.consultations.queries import ROWS
from app.consultations.rules import checks
from app.consultations.rules.content import ATTACHED, Content, Reading, digest
from app.consultations.vocabulary import LIVE
from app.people.actions.cards import find as find_card_of
from app.people.actions.lines import Contact, People, write_lines
from app.people.queries.cards import Card, get_card
from app.places.queries import DeskRow, find_desk
from app.places.rules import closes_with_country
from app.places.vocabulary import programme


@dataclass(frozen=True)
class Arrival:
    """How a consultation arrived: `new`, `same` or `different`; the version that stands now.

    The version is 0 where it is different.
    """

    id: str
    arrival: str
    version: int


def record(session: Session, by: Principal, reading: Reading) -> Arrival | list[Problem]:
    """Records what was read; all problems at once where anything is wrong."""
    desk = find_desk(session, by.scope, reading.desk) if reading.desk else None
    if desk is not None and desk.id not in by.scope.desks:
        desk = None
    card = card_of(session, reading)
    problems = what_is_wrong(reading, desk, card)
    content = reading.content
    if problems or content is None or desk is None or isinstance(card, str):
        return problems
    content = with_card(with_language(content, desk), card)
    row = new_row(content, desk, by.account_id) | reading.telemetry
    if not arrival.insert_once(session, ROWS, row):
        return _known(session, by, row)
    write_lines(session, contact_of(row, card), people_of(content))
    note(by.account_id, "recorded", f"consultation:{content.id}", desk.country)
    return Arrival(content.id, arrival.NEW, 1)


def what_is_wrong(
    reading: Reading, desk: DeskRow | None, card: Card | str | None = None
) -> list[Problem]:
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
    return [Problem(*one) for one in (*reading.problems, *later)]


def _wrong_on(answers: Content, desk: DeskRow | None) -> Iterator[tuple[str, str]]:
    code = _wrong_day(desk, answers.held_on) if desk else None
    if code:
        yield "held_on", code
    start = current_app.config["SETTINGS"].reporting_year_start
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
    return find_card_of(session, reading.card) if reading.card else None


def with_card(content: Content, card: Card | None) -> Content:
    """The content with the row of its card."""
    return replace(content, card_id=card.id if card else None)


def new_row(content: Content, desk: DeskRow, author_id: int) -> dict[str, Any]:
    """The row of a consultation that is recorded now."""
    now = clock.now()
    return columns_of(content, desk) | {
        "id": UUID(content.id),
        "state": LIVE,
        "version": 1,
        "arrival_digest": digest(content),
        "author_id": author_id,
        "received_at": now,
        "changed_by": author_id,
        "changed_at": now,
    }


def columns_of(content: Content, desk: DeskRow) -> dict[str, Any]:
    """The columns of a row that its content decides."""
    plain = ("held_on", "channel", "modality", "travel_group", "language")
    sets = ("topics", "main_topic", "outcomes", "flags", "persons", "is_tally")
    return {name: getattr(content, name) for name in (*plain, *sets)} | {
        "desk_id": desk.id,
        "country": desk.country,
        "month": int(content.month),
        "qualifying": content.qualifies,
    }


def contact_of(row: Mapping[str, Any], card: Card | None) -> Contact:
    """What the person lines must know of their consultation, from its columns."""
    plain = ("desk_id", "country", "held_on", "topics", "main_topic", "outcomes", "qualifying")
    sums = ("is_tally", "persons", "received_at")
    facts = {name: row[name] for name in (*plain, *sums)}
    return Contact(consultation_id=row["id"], card=card, **facts)


def people_of(content: Content) -> list[People]:
    """The people of a consultation, one entry per group, sex and age band."""
    return [
        People(
            place,
            some.sex,
            some.age_band,
            group.nationality,
            group.situation,
            group.repeat_contact,
            some.n,
        )
        for place, group in enumerate(content.groups)
        for some in group.persons
    ]


def _known(session: Session, by: Principal, row: dict[str, Any]) -> Arrival:
    known = queries.find_arrival(session, row["id"])
    same = known is not None and known.arrival_digest == row["arrival_digest"]
    if known is not None and same and known.desk_id in by.scope.desks:
        return Arrival(str(row["id"]), arrival.SAME, known.version)
    return Arrival(str(row["id"]), arrival.DIFFERENT, 0)
