"""Records consultations: the one intake behind the page, the JSON and every other client."""

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
from app.db.session import RowValues
from app.field_errors import FieldError
from app.people.actions.cards import find_cards_by_code
from app.people.actions.lines import lock_cards, write_lines
from app.people.queries.cards import CardRow, get_card
from app.places.queries import DeskRow, find_desk
from app.places.rules import closes_with_country
from app.places.vocabulary import programme
from app.settings import current_settings
from app.web.access import Principal, Scope
from app.web.outcomes import Accepted, Conflict, Invalid, Outcome


@dataclass(frozen=True)
class RecordingResult:
    """How a consultation arrived (`new` or `same`), and its current version."""

    id: str
    arrival: str
    version: int


RecordingOutcome: TypeAlias = Outcome[RecordingResult, str]
"""The outcome of recording; the id of a consultation is in conflict if it is another record's."""


Submission: TypeAlias = tuple[Principal, ParsedConsultation]
"""A consultation to be recorded, and the principal that records it."""


@dataclass(frozen=True, eq=False)
class ValidSubmission:
    """A submission that may be written, with its row and its card."""

    principal: Principal
    data: ConsultationData
    card: CardRow | None
    row: RowValues


def record(session: Session, principal: Principal, parsed: ParsedConsultation) -> RecordingOutcome:
    """Record a consultation; return all errors at once if there are any."""
    return record_all(session, [(principal, parsed)])[0]


def record_all(session: Session, submissions: Sequence[Submission]) -> list[RecordingOutcome]:
    """Record many consultations as one set; return the outcome of each, in their order.

    Cards are locked first, then rows are inserted, both in the order of their ids; aggregates change last.
    """
    checked = _validate_all(session, submissions)
    valid = [item for item in checked if isinstance(item, ValidSubmission)]
    new = _insert(session, valid)
    other_ids = {submission.row["id"] for submission in valid if submission not in new}
    stored = queries.find_stored_unscoped(session, other_ids) if other_ids else {}
    return [
        item if isinstance(item, Invalid) else new.get(item) or _repeated(stored, item)
        for item in checked
    ]


def _validate_all(
    session: Session, submissions: Sequence[Submission]
) -> list[ValidSubmission | Invalid]:
    """Return each valid submission or its errors; each desk and card is read once."""
    codes = {parsed.card for _, parsed in submissions if parsed.card and parsed.card != ATTACHED}
    cards = find_cards_by_code(session, codes) if codes else {}
    desks: dict[tuple[Scope, str], DeskRow | None] = {}
    checked = list[ValidSubmission | Invalid]()
    for principal, parsed in submissions:
        key = (principal.scope, parsed.desk)
        if key not in desks:
            desks[key] = _own_desk(session, *key)
        card = cards.get(parsed.card or "")
        checked.append(_validate_submission(principal, parsed, desks[key], card))
    return checked


def _own_desk(session: Session, scope: Scope, code: str) -> DeskRow | None:
    desk = find_desk(session, scope, code) if code else None
    return desk if desk is not None and desk.id in scope.desks else None


def _validate_submission(
    principal: Principal,
    parsed: ParsedConsultation,
    desk: DeskRow | None,
    card: CardRow | str | None,
) -> ValidSubmission | Invalid:
    errors = validate(parsed, desk, card)
    data = parsed.data
    if errors or data is None or desk is None or isinstance(card, str):
        return Invalid(errors)
    data = with_card(with_default_language(data, desk), card)
    row = {**new_row(data, desk, principal.account_id), **parsed.telemetry}
    return ValidSubmission(principal, data, card, row)


def _insert(
    session: Session, submissions: Sequence[ValidSubmission]
) -> dict[ValidSubmission, RecordingOutcome]:
    """Write the submissions whose ids are new; of two with the same id, write the first."""
    roots = lock_cards(session, [item.card for item in submissions if item.card is not None])
    rows = sorted((item.row for item in submissions), key=lambda row: row["id"])
    ids = idempotency.insert_all_once(session, CONSULTATIONS, rows)
    first = {item.row["id"]: item for item in reversed(submissions)}
    new = [item for id_, item in first.items() if id_ in ids][::-1]
    lines = [(consultation_context(item.row, item.card), profile_counts(item.data)) for item in new]
    if lines:
        write_lines(session, lines, roots)
    for item in new:
        target = f"consultation:{item.data.id}"
        record_audit(item.principal.account_id, "recorded", target, item.row["country"])
    return {item: Accepted(RecordingResult(item.data.id, idempotency.NEW, 1)) for item in new}


def validate(
    parsed: ParsedConsultation, desk: DeskRow | None, card: CardRow | str | None = None
) -> list[FieldError]:
    """Return all errors of a parsed consultation: of its parsing, and of the rules for the other fields.

    A desk of None is not within the account's scope; a string as `card` is the error code of the card.
    """
    rule_errors = list(checks.answer_errors(parsed.answers))
    if isinstance(card, str):
        rule_errors.append(("card", card))
    if desk is None and parsed.desk:
        rule_errors.append(("desk", "not_your_desk"))
    if parsed.held_on is not None:
        rule_errors += _day_errors(parsed.answers, desk)
    fields = {field for field, _ in parsed.errors}
    additional = [error for error in rule_errors if error[0] not in fields]
    return [FieldError(field, code) for field, code in (*parsed.errors, *additional)]


def _day_errors(answers: ConsultationData, desk: DeskRow | None) -> Iterator[tuple[str, str]]:
    code = _day_error(desk, answers.held_on) if desk else None
    if code:
        yield "held_on", code
    start = current_settings().reporting_year_start
    yield from checks.repeat_contact_errors(answers.groups, answers.month, start)


def _day_error(desk: DeskRow, held_on: date) -> str | None:
    last = closes_with_country(desk.country, desk.closed_on)
    return checks.day_error(held_on, clock.today_at(desk.time_zone), desk.opened_on, last)


def with_default_language(data: ConsultationData, desk: DeskRow) -> ConsultationData:
    """Return the data with the desk's first language if it has none."""
    if data.is_tally or data.language:
        return data
    return replace(data, language=programme()[desk.country].languages[0])


def resolve_card(
    session: Session, parsed: ParsedConsultation, attached: int | None = None
) -> CardRow | str | None:
    """Return the card that was sent, or the one with the id `attached` if it is to stay; an error code if unknown."""
    if parsed.card == ATTACHED:
        return get_card(session, attached) if attached is not None else None
    return find_cards_by_code(session, [parsed.card])[parsed.card] if parsed.card else None


def with_card(data: ConsultationData, card: CardRow | None) -> ConsultationData:
    """Return the data with the id of its card."""
    return replace(data, card_id=card.id if card else None)


def _repeated(stored: Mapping[UUID, Any], submission: ValidSubmission) -> RecordingOutcome:
    """Return whether a submission whose id exists is the same as the stored one; another desk's never is."""
    row = submission.row
    before = stored.get(row["id"])
    is_same = before is not None and before.content_digest == row["content_digest"]
    if before is not None and is_same and before.desk_id in submission.principal.scope.desks:
        return Accepted(RecordingResult(str(row["id"]), idempotency.SAME, before.version))
    return Conflict(str(row["id"]))
