"""Rows of received envelopes: one for each, whether recorded or quarantined, with an audit entry for the latter."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.db.session import insert_rows
from app.sync.actions import daily_limits
from app.sync.actions.decrypt import CheckedEnvelope
from app.sync.actions.handlers import IntakeOutcome
from app.sync.queries.devices import DeviceRow
from app.sync.queries.envelopes import ENVELOPES
from app.sync.rules.envelope import SealedEnvelope
from app.sync.vocabulary import (
    AWAITING_RECORD,
    CREATED,
    DUPLICATE,
    KINDS,
    MAX_ENVELOPE_BYTES,
    OPEN,
    SETTLED,
)

INSERT_ENVELOPE = insert(ENVELOPES)


@dataclass(frozen=True)
class Sender:
    """Where envelopes come from: a tablet itself, or a supervisor (`imported_by`) with an export of its queue."""

    device: DeviceRow
    imported_by: int | None = None

    @property
    def source(self) -> str:
        return str(self.device.id) if self.imported_by is None else "copy"


def insert_received(
    session: Session,
    sender: Sender,
    received: Sequence[tuple[SealedEnvelope, CheckedEnvelope, IntakeOutcome]],
) -> None:
    """Insert a row for every envelope, and record an audit entry for every one that was quarantined."""
    rows = [_row(sender, *each) for each in received]
    insert_rows(session, INSERT_ENVELOPE, rows)
    if sender.imported_by is None and any(row["state"] != SETTLED for row in rows):
        daily_limits.check_quarantine_limit(session, sender.device)
    for row in rows:
        if row["state"] == OPEN:
            subject = f"envelope:{row['id']}"
            country = sender.device.country
            record_audit(sender.imported_by, "envelope_quarantined", subject, country)


def _row(
    sender: Sender, envelope: SealedEnvelope, checked: CheckedEnvelope, outcome: IntakeOutcome
) -> dict[str, object]:
    settled = outcome.result in (CREATED, DUPLICATE)
    state = AWAITING_RECORD if outcome.awaits_record else SETTLED if settled else OPEN
    payload, now = checked.payload, clock.now()
    return {
        "id": envelope.id,
        "receipt": envelope.receipt,
        "key_id": envelope.key_id,
        "format": envelope.format,
        "device_id": sender.device.id,
        "source": sender.source,
        "imported_by": sender.imported_by,
        "kind": payload.kind if payload and payload.kind in KINDS else "",
        "record_id": payload.record_id if payload else None,
        "desk_id": sender.device.desk_id,
        "country": sender.device.country,
        "author_id": checked.author.account_id if checked.author else None,
        "result": outcome.result,
        "reason": outcome.reason or ("record_missing" if outcome.awaits_record else ""),
        "state": state,
        "sealed": envelope.sealed[: MAX_ENVELOPE_BYTES + 1] if state != SETTLED else None,
        "received_at": now,
        "settled_at": now if settled and not outcome.awaits_record else None,
        "settled_by": None,
    }


def settle_waiting(session: Session, number: int, outcome: IntakeOutcome) -> None:
    """End the waiting of a voiding whose record arrived."""
    if outcome.awaits_record:
        return
    values: dict[str, object] = {"reason": outcome.reason, "result": outcome.result, "state": OPEN}
    if outcome.result == CREATED:
        values |= {"state": SETTLED, "sealed": None, "settled_at": clock.now()}
    session.execute(update(ENVELOPES).where(ENVELOPES.c.number == number).values(**values))
