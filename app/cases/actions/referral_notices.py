"""Record the notice of a referral that was written on a tablet offline; no bed was held before it arrives."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app import clock
from app.cases.actions.referrals import refer
from app.cases.rules import notice_refusal
from app.db import idempotency
from app.field_errors import FieldError
from app.referrals.actions.create import ReferralOutcome
from app.referrals.queries.referrals import find_referral_unscoped
from app.referrals.schemas.bodies import parse_referral
from app.shelters.queries.shelters import lock_shelters
from app.sync.actions.handlers import (
    AuthoredPayload,
    IntakeLock,
    IntakeOutcome,
    RecordHandler,
    invalid_outcome,
    outcome_of_insert,
)
from app.sync.rules.envelope import Payload
from app.sync.vocabulary import QUARANTINED, REFERRAL
from app.web.access import Principal
from app.web.outcomes import Accepted, Conflict, Invalid
from app.web.requests import RawBody

# More shelters than a referral may name: a notice that names more is quarantined anyway.
MAX_LOCKED_SHELTERS = 10
ENVELOPE_FIELDS = frozenset({"device", "sequence", "written_at"})


def handle_notice(session: Session, author: Principal, payload: Payload) -> IntakeOutcome:
    """Create the referral in its author's name, as the page does; every deadline starts now."""
    if not author.may("send_referrals"):
        return IntakeOutcome(QUARANTINED, "foreign_author")
    data, errors = parse_referral(_without_envelope_fields(payload.data))
    written_at = clock.parse_moment(payload.data.get("written_at"))
    if written_at is None:
        errors.append(FieldError("written_at", "unreadable"))
    if errors or written_at is None:
        return invalid_outcome(errors)
    refusal_code = notice_refusal(written_at, clock.now())
    if refusal_code and find_referral_unscoped(session, UUID(data.id)) is None:
        return IntakeOutcome(QUARANTINED, refusal_code)
    return _outcome_of_sending(refer(session, author, data))


def _outcome_of_sending(outcome: ReferralOutcome) -> IntakeOutcome:
    match outcome:
        case Accepted(intake):
            return outcome_of_insert(intake.arrival)
        case Invalid(errors):
            return invalid_outcome(errors)
        case Conflict():
            return outcome_of_insert(idempotency.DIFFERENT)


def lock_named_shelters(session: Session, records: Sequence[AuthoredPayload]) -> None:
    """Lock the shelters that the notices of a batch name.

    Each notice would lock its own shelters in the order of arrival, and two batches could deadlock.
    """
    codes = {code for _, payload in records for code in _codes(payload.data.get("shelters"))}
    if codes:
        lock_shelters(session, codes)


def _codes(value: Any) -> list[str]:
    values = value if isinstance(value, list) else []
    return [
        code
        for code in values[:MAX_LOCKED_SHELTERS]
        if isinstance(code, str) and code.isprintable()
    ]


def _without_envelope_fields(data: RawBody) -> RawBody:
    return {name: value for name, value in data.items() if name not in ENVELOPE_FIELDS}


HANDLERS = (RecordHandler(REFERRAL, handle_notice),)
LOCKS = (IntakeLock(frozenset({REFERRAL}), lock_named_shelters),)
