"""Puts right or voids what was set aside: by its author as far as the answers go, by the supervisor in every case."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.consultations import queries as consultations
from app.consultations.actions import corrections, recording
from app.consultations.actions.corrections import NotAllowed
from app.consultations.rules.consultation_data import ParsedConsultation
from app.db import idempotency
from app.field_errors import FieldError
from app.places.queries import find_desk
from app.sync.queries import quarantine
from app.sync.queries.envelopes import ENVELOPES, EnvelopeRow
from app.sync.rules.quarantine import author_may_mend
from app.sync.vocabulary import HELD, MENDED, OPEN, VOIDED
from app.web.access import Principal, Scope


def may_resolve(by: Principal, row: EnvelopeRow) -> bool:
    """Whether the account may put it right: the supervisor always, the author where only answers are wrong."""
    return row.country in by.scope.countries or author_may_mend(row.reason)


def is_open(row: EnvelopeRow) -> bool:
    """Whether anything is still to be done about it."""
    return row.state in (OPEN, HELD)


def resolve(session: Session, by: Principal, row: EnvelopeRow, reading: ParsedConsultation) -> list[FieldError]:
    """Records a consultation that was set aside (a row of `envelopes.lock`) in its author's name; what is wrong."""
    desk = find_desk(session, by.scope, reading.desk) if reading.desk else None
    author = row.author_id if row.author_id is not None else by.account_id
    scope = Scope(desks=frozenset({desk.id} if desk else ()), home=by.scope.home)
    telemetry = {**reading.telemetry, "device": str(row.device_id) if row.device_id else None}
    named = replace(by, account_id=author, scope=scope)
    done = recording.record(session, named, replace(reading, telemetry=telemetry))
    if isinstance(done, list):
        return done
    if done.arrival == idempotency.DIFFERENT:
        return [FieldError("id", "different")]
    _settle(session, by, row, MENDED)
    return []


def apply_void(session: Session, by: Principal, row: EnvelopeRow, reason: Any) -> list[FieldError]:
    """Voids the record that a late voiding names, as the supervisor decides; what is wrong."""
    found = consultations.lock_consultation(session, by.scope, row.about) if row.about else None
    if found is None:
        return [FieldError("record", "not_there")]
    try:
        done = corrections.void(session, by, found, {"reason": reason}, frozenset())
    except NotAllowed:
        return [FieldError("record", "not_there")]
    if isinstance(done, list):
        return done
    _settle(session, by, row, MENDED)
    return []


def discard(session: Session, by: Principal, row: EnvelopeRow) -> None:
    """Takes what was set aside out of the list for good; its line stays, what was sealed in it goes."""
    _settle(session, by, row, VOIDED)


def discard_all(session: Session, by: Principal, device_id: UUID, last: int) -> int:
    """Takes all that was set aside of a tablet out of the list for good, up to the line `last`; how many there were.

    What arrived after the page that was looked at stays.
    """
    n, country = quarantine.lock_quarantined(session, by.scope, device_id, last)
    if n:
        mine = quarantine.quarantined_of_device(by.scope, device_id, last)
        session.execute(update(ENVELOPES).where(*mine).values(**_ended(by, VOIDED)))
        record_audit(by.account_id, "envelopes_voided", f"device:{device_id}/{n}", country)
    return n


def _ended(by: Principal, state: str) -> dict[str, Any]:
    now = clock.now()
    return {"state": state, "sealed": None, "settled_at": now, "settled_by": by.account_id}


def _settle(session: Session, by: Principal, row: EnvelopeRow, state: str) -> None:
    mine = ENVELOPES.c.number == row.number
    session.execute(update(ENVELOPES).where(mine).values(**_ended(by, state)))
    act = "envelope_mended" if state == MENDED else "envelope_voided"
    record_audit(by.account_id, act, f"envelope:{row.id}", row.country)
