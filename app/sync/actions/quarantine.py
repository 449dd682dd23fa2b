"""Quarantined records: resolved or voided, by the author if only the answers are wrong, by the supervisor always."""

from dataclasses import replace
from typing import Never
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.consultations import queries as consultations
from app.consultations.actions import corrections, recording
from app.consultations.actions.corrections import NotAllowed
from app.consultations.rules.consultation_data import ParsedConsultation
from app.consultations.schemas.bodies import parse_void
from app.field_errors import FieldError
from app.places.queries import find_desk
from app.sync.queries import quarantine as queries
from app.sync.queries.envelopes import ENVELOPES, EnvelopeRow
from app.sync.rules.quarantine import may_author_resolve
from app.sync.vocabulary import AWAITING_RECORD, OPEN, RESOLVED, VOIDED
from app.web.access import Principal, Scope
from app.web.outcomes import Accepted, Conflict, Invalid, Outcome


def may_resolve(principal: Principal, row: EnvelopeRow) -> bool:
    """Return whether the account may resolve a record: the supervisor always, the author if only answers are wrong."""
    return row.country in principal.scope.countries or may_author_resolve(row.reason)


def is_open(row: EnvelopeRow) -> bool:
    """Return whether a record is still unresolved."""
    return row.state in (OPEN, AWAITING_RECORD)


def resolve(
    session: Session, principal: Principal, row: EnvelopeRow, parsed: ParsedConsultation
) -> Outcome[None, Never]:
    """Record a quarantined consultation in its author's name.

    `row` comes from `queries.envelopes.lock_envelope`.
    """
    scope = principal.scope
    desk = find_desk(session, scope, parsed.desk) if parsed.desk else None
    author_id = row.author_id if row.author_id is not None else principal.account_id
    own_desk = Scope(desks=frozenset({desk.id} if desk else ()), home_country=scope.home_country)
    telemetry = {**parsed.telemetry, "device": str(row.device_id) if row.device_id else None}
    author = replace(principal, account_id=author_id, scope=own_desk)
    match recording.record(session, author, replace(parsed, telemetry=telemetry)):
        case Invalid(errors):
            return Invalid(errors)
        case Conflict():
            return Invalid([FieldError("id", "different")])
    _close(session, principal, row, RESOLVED)
    return Accepted(None)


def apply_void(
    session: Session, principal: Principal, row: EnvelopeRow, reason: object
) -> Outcome[None, Never]:
    """Void the record that a late voiding names, as the supervisor decides."""
    named = row.record_id
    record = consultations.lock_consultation(session, principal.scope, named) if named else None
    if record is None:
        return Invalid([FieldError("record", "not_there")])
    try:
        outcome = corrections.void(session, principal, record, parse_void({"reason": reason}))
    except NotAllowed:
        return Invalid([FieldError("record", "not_there")])
    match outcome:
        case Invalid(errors):
            return Invalid(errors)
    _close(session, principal, row, RESOLVED)
    return Accepted(None)


def discard(session: Session, principal: Principal, row: EnvelopeRow) -> None:
    """Take a record out of quarantine for good: its row stays, its sealed bytes are deleted."""
    _close(session, principal, row, VOIDED)


def discard_all(session: Session, principal: Principal, device_id: UUID, last: int) -> int:
    """Take all records of a tablet out of quarantine for good, up to the row number `last`; return how many.

    Records that arrived after the page was shown stay.
    """
    scope = principal.scope
    n, country = queries.lock_quarantined(session, scope, device_id, last)
    if n:
        records = queries.quarantined_of_device(scope, device_id, last)
        values = _closing_values(principal, VOIDED)
        session.execute(update(ENVELOPES).where(*records).values(**values))
        subject = f"device:{device_id}/{n}"
        record_audit(principal.account_id, "envelopes_voided", subject, country)
    return n


def _closing_values(principal: Principal, state: str) -> dict[str, object]:
    account_id = principal.account_id
    return {"state": state, "sealed": None, "settled_at": clock.now(), "settled_by": account_id}


def _close(session: Session, principal: Principal, row: EnvelopeRow, state: str) -> None:
    own_row = ENVELOPES.c.number == row.number
    session.execute(update(ENVELOPES).where(own_row).values(**_closing_values(principal, state)))
    action = "envelope_mended" if state == RESOLVED else "envelope_voided"
    record_audit(principal.account_id, action, f"envelope:{row.id}", row.country)
