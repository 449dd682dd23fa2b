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
from app.consultations.actions.rows import consultation_context, new_row, profile_counts
from app.consultations.queries import CONSULTATIONS
from app.consultations.rules import checks
from app.consultations.rules.consultation_data import ATTACHED, ConsultationData, ParsedConsultation
from app.db import idempotency
from app.field_errors import FieldError
from app.people.actions.cards import find_cards_by_code as find_all_cards
from app.people.actions.lines import lock_cards, write_lines
from app.people.queries.cards import CardRow, get_card
from app.places.queries import DeskRow, find_desk
from app.places.rules import closes_with_country
from app.places.vocabulary import programme
from app.settings import current_settings
from app.web.access import Principal, Scope


@dataclass(frozen=True)
class RecordingResult:
    """How a consultation arrived: `new`, `same` or `different`; the version that stands now.

    The version is 0 where it is different.
    """

    id: str
    arrival: str
    version: int


Submission: TypeAlias = tuple[Principal, ParsedConsultation]
"""A consultation to be recorded: in whose name, and what was read of it."""


@dataclass(frozen=True, eq=False)
class ValidSubmission:
    """A consultation that may be written, with its row and its card."""

    principal: Principal
    data: ConsultationData
    card: CardRow | None
    row: dict[str, Any]


def record(
    session: Session, principal: Principal, parsed: ParsedConsultation
) -> RecordingResult | list[FieldError]:
    """Records what was read; all problems at once where anything is wrong."""
    return record_all(session, [(principal, parsed)])[0]


def record_all(
    session: Session, submissions: Sequence[Submission]
) -> list[RecordingResult | list[FieldError]]:
    """Records many consultations as one set: how each ended, in their order.

    Cards are held first, then rows, both in the order of their ids; cells change last.
    """
    looked = _look_at(session, submissions)
    right = [one for one in looked if isinstance(one, ValidSubmission)]
    new = _insert(session, right)
    others = {one.row["id"] for one in right if one not in new}
    known = queries.find_stored_unscoped(session, others) if others else {}
    return [one if isinstance(one, list) else new.get(one) or _known(known, one) for one in looked]


def _look_at(
    session: Session, asked: Sequence[Submission]
) -> list[ValidSubmission | list[FieldError]]:
    """What may be written of each, or all that is wrong with it; each desk and card is read once."""
    codes = {reading.card for _, reading in asked if reading.card and reading.card != ATTACHED}
    cards = find_all_cards(session, codes) if codes else {}
    desks: dict[tuple[Scope, str], DeskRow | None] = {}
    looked = list[ValidSubmission | list[FieldError]]()
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
    by: Principal, reading: ParsedConsultation, desk: DeskRow | None, card: CardRow | str | None
) -> ValidSubmission | list[FieldError]:
    errors = validate(reading, desk, card)
    content = reading.data
    if errors or content is None or desk is None or isinstance(card, str):
        return errors
    content = with_card(with_default_language(content, desk), card)
    return ValidSubmission(
        by, content, card, new_row(content, desk, by.account_id) | reading.telemetry
    )


def _insert(
    session: Session, right: Sequence[ValidSubmission]
) -> dict[ValidSubmission, RecordingResult]:
    """Writes those whose ids are not there yet; where an id stands twice, the first of the two."""
    roots = lock_cards(session, [one.card for one in right if one.card is not None])
    rows = sorted((one.row for one in right), key=lambda row: row["id"])
    ids = idempotency.insert_all_once(session, CONSULTATIONS, rows)
    first = {one.row["id"]: one for one in reversed(right)}
    new = [one for id_, one in first.items() if id_ in ids][::-1]
    lines = [(consultation_context(one.row, one.card), profile_counts(one.data)) for one in new]
    if lines:
        write_lines(session, lines, roots)
    for one in new:
        record_audit(
            one.principal.account_id, "recorded", f"consultation:{one.data.id}", one.row["country"]
        )
    return {one: RecordingResult(one.data.id, idempotency.NEW, 1) for one in new}


def validate(
    parsed: ParsedConsultation, desk: DeskRow | None, card: CardRow | str | None = None
) -> list[FieldError]:
    """What could not be read and what the rules say to the rest.

    A desk of None is no desk of one's own; a text in the place of the card is what is wrong with it.
    """
    found = list(checks.answer_errors(parsed.answers))
    if isinstance(card, str):
        found.append(("card", card))
    if desk is None and parsed.desk:
        found.append(("desk", "not_your_desk"))
    if parsed.held_on is not None:
        found += _wrong_on(parsed.answers, desk)
    told = {field for field, _ in parsed.errors}
    later = [one for one in found if one[0] not in told]
    return [FieldError(*one) for one in (*parsed.errors, *later)]


def _wrong_on(answers: ConsultationData, desk: DeskRow | None) -> Iterator[tuple[str, str]]:
    code = _wrong_day(desk, answers.held_on) if desk else None
    if code:
        yield "held_on", code
    start = current_settings().reporting_year_start
    yield from checks.repeat_contact_errors(answers.groups, answers.month, start)


def _wrong_day(desk: DeskRow, held_on: date) -> str | None:
    last = closes_with_country(desk.country, desk.closed_on)
    return checks.day_error(held_on, clock.today_at(desk.time_zone), desk.opened_on, last)


def with_default_language(data: ConsultationData, desk: DeskRow) -> ConsultationData:
    """The content with the desk's first language where none was said."""
    if data.is_tally or data.language:
        return data
    return replace(data, language=programme()[desk.country].languages[0])


def resolve_card(
    session: Session, parsed: ParsedConsultation, attached: int | None = None
) -> CardRow | str | None:
    """The card that was sent or is `attached` already; the code of a problem where it is none of ours."""
    if parsed.card == ATTACHED:
        return get_card(session, attached) if attached is not None else None
    return find_all_cards(session, [parsed.card])[parsed.card] if parsed.card else None


def with_card(data: ConsultationData, card: CardRow | None) -> ConsultationData:
    """The content with the row of its card."""
    return replace(data, card_id=card.id if card else None)


def _known(known: Mapping[UUID, Any], one: ValidSubmission) -> RecordingResult:
    row, found = one.row, known.get(one.row["id"])
    same = found is not None and found.arrival_digest == row["arrival_digest"]
    if found is not None and same and found.desk_id in one.principal.scope.desks:
        return RecordingResult(str(row["id"]), idempotency.SAME, found.version)
    return RecordingResult(str(row["id"]), idempotency.DIFFERENT, 0)
