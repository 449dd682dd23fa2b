"""Corrects and voids a consultation; every superseded version is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.consultations import queries
from app.consultations.actions import recording, rows
from app.consultations.queries import CONSULTATIONS, VERSIONS
from app.consultations.rules.checks import author_may_change
from app.consultations.rules.consultation_data import (
    Change,
    ConsultationData,
    ParsedConsultation,
    as_json,
    canonical_json,
)
from app.consultations.vocabulary import LIVE, VOID
from app.db.session import AnyRow
from app.field_errors import FieldError
from app.json_object import JsonObject
from app.people.actions.lines import ConsultationContext, replace_lines, void_lines
from app.people.queries.cards import CardRow, get_card
from app.places.queries import find_desk
from app.web.access import Principal
from app.web.outcomes import Accepted, Conflict, Invalid, Outcome


@dataclass(frozen=True)
class AppliedChange:
    """A change that was made, with the version that it created."""

    id: str
    version: int


@dataclass(frozen=True)
class VersionConflict:
    """A change of a superseded version: the current version, the data sent, the current data."""

    version: int
    yours: JsonObject
    theirs: JsonObject


ChangeOutcome: TypeAlias = Outcome[AppliedChange, VersionConflict]


class NotAllowed(Exception):
    """The account is neither the author, within the time limit, nor the country's supervisor."""


def may_change(principal: Principal, row: Any) -> bool:
    """Whether an account may now correct or void a row with author, receipt, country and time zone."""
    if row.country in principal.scope.countries:
        return True
    if row.author_id != principal.account_id:
        return False
    received_on = clock.day_at(row.received_at, row.time_zone)
    return author_may_change(received_on, clock.today_at(row.time_zone))


def cards_to_lock(session: Session, parsed: ParsedConsultation) -> list[CardRow]:
    """Return the card that a correction sets: lock it before the row."""
    card = recording.resolve_card(session, parsed)
    return [card] if isinstance(card, CardRow) else []


def correct(
    session: Session,
    principal: Principal,
    row: AnyRow,
    parsed: ParsedConsultation,
) -> ChangeOutcome:
    """Replace the data of a row of `lock_consultation`; a voided consultation becomes live again.

    `parsed` is a correction, with its `change`. Raises NotAllowed.
    """
    if not may_change(principal, row):
        raise NotAllowed
    desk = find_desk(session, principal.scope, parsed.desk) if parsed.desk else None
    before = queries.get_consultation_data(session, row)
    card = recording.resolve_card(session, parsed, before.card_id)
    errors = recording.validate(parsed, desk, card)
    if parsed.data is not None and parsed.data.id != str(row.id):
        errors.append(FieldError("id", "not_this_record"))
    change = parsed.change
    if errors or parsed.data is None or change is None or desk is None or isinstance(card, str):
        return Invalid(errors)
    data = recording.with_card(recording.with_default_language(parsed.data, desk), card)
    if change.version != row.version:
        yours, theirs = as_json(data), as_json(before)
        yours, theirs = {**yours, "state": LIVE}, {**theirs, "state": row.state}
        return Conflict(VersionConflict(row.version, yours, theirs))
    columns = rows.content_columns(data, desk)
    _supersede(session, principal, row, before, {**columns, "state": LIVE, "reason": change.reason})
    context = rows.consultation_context({**row._asdict(), **columns}, card)
    replace_lines(session, _live_context(session, row, before), context, rows.profile_counts(data))
    record_audit(principal.account_id, "corrected", f"consultation:{row.id}", desk.country)
    return Accepted(AppliedChange(str(row.id), row.version + 1))


def void(session: Session, principal: Principal, row: AnyRow, change: Change) -> ChangeOutcome:
    """Remove a row of `lock_consultation` from every figure.

    Voiding a void consultation changes nothing and is no error. Raises NotAllowed.
    """
    if not may_change(principal, row):
        raise NotAllowed
    if change.errors:
        return Invalid([FieldError(field, code) for field, code in change.errors])
    if row.state == VOID:
        return Accepted(AppliedChange(str(row.id), row.version))
    before = queries.get_consultation_data(session, row)
    if change.version not in (None, row.version):
        theirs = {**as_json(before), "state": row.state}
        return Conflict(VersionConflict(row.version, {"state": VOID}, theirs))
    _supersede(session, principal, row, before, {"state": VOID, "reason": change.reason})
    context = _live_context(session, row, before)
    if context is not None:
        void_lines(session, context)
    record_audit(principal.account_id, "voided", f"consultation:{row.id}", row.country)
    return Accepted(AppliedChange(str(row.id), row.version + 1))


def _live_context(
    session: Session, row: AnyRow, data: ConsultationData
) -> ConsultationContext | None:
    """Return the context of the row's counting lines, None if the row is void."""
    if row.state == VOID:
        return None
    card = None if data.card_id is None else get_card(session, data.card_id)
    return rows.consultation_context(row._asdict(), card)


def _supersede(
    session: Session,
    principal: Principal,
    row: AnyRow,
    before: ConsultationData,
    columns: Mapping[str, object],
) -> None:
    """Update the row and store its previous version as superseded."""
    change = {
        "changed_by": principal.account_id,
        "changed_at": clock.now(),
        "version": row.version + 1,
    }
    session.execute(
        update(CONSULTATIONS).where(CONSULTATIONS.c.id == row.id).values(**columns, **change)
    )
    copied = ("version", "state", "reason", "changed_by", "changed_at")
    old = {name: getattr(row, name) for name in copied}
    session.execute(
        insert(VERSIONS).values(consultation_id=row.id, content=canonical_json(before), **old)
    )
