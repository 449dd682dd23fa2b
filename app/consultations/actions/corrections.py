"""Corrects and voids a consultation; the trail keeps every version."""

from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.consultations import queries
from app.consultations.actions import recording, rows
from app.consultations.queries import CONSULTATIONS, VERSIONS
from app.consultations.rules.checks import author_may_change
from app.consultations.rules.consultation_data import (
    ConsultationData,
    ParsedConsultation,
    as_json,
    canonical_json,
)
from app.consultations.vocabulary import CHANGE_REASONS, LIVE, VOID
from app.db.session import Record
from app.field_errors import FieldError
from app.people.actions.lines import ConsultationContext, replace_lines, void_lines
from app.people.queries.cards import CardRow, get_card
from app.places.queries import find_desk
from app.web.access import Principal


@dataclass(frozen=True)
class AppliedChange:
    """A change that was made: the version that stands now."""

    id: str
    version: int


@dataclass(frozen=True)
class VersionConflict:
    """A change that came too late: the version that stands, what was sent, what is there."""

    version: int
    yours: dict[str, Any]
    theirs: dict[str, Any]


class NotAllowed(Exception):
    """Neither the author within the time nor the country's supervisor."""


def may_change(principal: Principal, row: Any) -> bool:
    """Whether an account may correct or void now what `row` (author, receipt, country, zone) names."""
    if row.country in principal.scope.countries:
        return True
    if row.author_id != principal.account_id:
        return False
    received_on = clock.day_at(row.received_at, row.time_zone)
    return author_may_change(received_on, clock.today_at(row.time_zone))


def cards_to_lock(session: Session, parsed: ParsedConsultation) -> list[CardRow]:
    """The card that a correction puts in, to be held before its row."""
    card = recording.resolve_card(session, parsed)
    return [card] if isinstance(card, CardRow) else []


def correct(
    session: Session,
    principal: Principal,
    row: Record,
    parsed: ParsedConsultation,
    payload: dict[str, Any],
) -> AppliedChange | VersionConflict | list[FieldError]:
    """Puts new content in the place of a row of `find_to_change`; a voided record lives again.

    `said` holds `version` and `reason`.
    """
    if not may_change(principal, row):
        raise NotAllowed
    desk = find_desk(session, principal.scope, parsed.desk) if parsed.desk else None
    before = queries.get_consultation_data(session, row)
    card = recording.resolve_card(session, parsed, before.card_id)
    errors = recording.validate(parsed, desk, card) + _wrong(payload)
    if payload.get("version") is None:
        errors.append(FieldError("version", "required"))
    if parsed.data is not None and parsed.data.id != str(row.id):
        errors.append(FieldError("id", "not_this_record"))
    if errors or parsed.data is None or desk is None or isinstance(card, str):
        return errors
    content = recording.with_card(recording.with_default_language(parsed.data, desk), card)
    if payload["version"] != row.version:
        yours, theirs = as_json(content), as_json(before)
        return VersionConflict(
            row.version, {**yours, "state": LIVE}, {**theirs, "state": row.state}
        )
    columns = rows.content_columns(content, desk)
    _supersede(
        session, principal, row, before, {**columns, "state": LIVE, "reason": payload["reason"]}
    )
    contact = rows.consultation_context({**row._asdict(), **columns}, card)
    replace_lines(session, _standing(session, row, before), contact, rows.profile_counts(content))
    record_audit(principal.account_id, "corrected", f"consultation:{row.id}", desk.country)
    return AppliedChange(str(row.id), row.version + 1)


def void(
    session: Session, principal: Principal, row: Record, payload: dict[str, Any], unknown: Set[str]
) -> AppliedChange | VersionConflict | list[FieldError]:
    """Takes a row of `find_to_change` out of every figure; `unknown` names fields that are none.

    Voiding what is void already changes nothing and is no error.
    """
    if not may_change(principal, row):
        raise NotAllowed
    errors = [FieldError(name[:80], "unknown_field") for name in sorted(unknown)]
    errors += _wrong(payload)
    if errors:
        return errors
    if row.state == VOID:
        return AppliedChange(str(row.id), row.version)
    before = queries.get_consultation_data(session, row)
    if payload.get("version") not in (None, row.version):
        return VersionConflict(
            row.version, {"state": VOID}, {**as_json(before), "state": row.state}
        )
    _supersede(session, principal, row, before, {"state": VOID, "reason": payload["reason"]})
    standing = _standing(session, row, before)
    if standing is not None:
        void_lines(session, standing)
    record_audit(principal.account_id, "voided", f"consultation:{row.id}", row.country)
    return AppliedChange(str(row.id), row.version + 1)


def _standing(
    session: Session, row: Record, content: ConsultationData
) -> ConsultationContext | None:
    """What a row of `find_to_change` with this content counts for as yet; None where it is void."""
    if row.state == VOID:
        return None
    card = None if content.card_id is None else get_card(session, content.card_id)
    return rows.consultation_context(row._asdict(), card)


def _wrong(said: dict[str, Any]) -> list[FieldError]:
    errors = []
    version, reason = said.get("version"), said.get("reason")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        errors.append(FieldError("version", "not_a_number"))
    if reason is None or reason == "":
        errors.append(FieldError("reason", "required"))
    elif not isinstance(reason, str) or reason not in CHANGE_REASONS:
        errors.append(FieldError("reason", "unknown_code"))
    return errors


def _supersede(
    session: Session, by: Principal, row: Record, before: ConsultationData, columns: dict[str, Any]
) -> None:
    changed = {"changed_by": by.account_id, "changed_at": clock.now(), "version": row.version + 1}
    session.execute(
        update(CONSULTATIONS).where(CONSULTATIONS.c.id == row.id).values(**columns, **changed)
    )
    kept = ("version", "state", "reason", "changed_by", "changed_at")
    old = {name: getattr(row, name) for name in kept}
    session.execute(
        insert(VERSIONS).values(consultation_id=row.id, content=canonical_json(before), **old)
    )
