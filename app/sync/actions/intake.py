"""Intake of what tablets send: each envelope once, none turned away; a batch is one set and one commit."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from app.people.actions.aggregates import defer_aggregates
from app.sync.actions import batch, daily_limits, envelope_rows
from app.sync.actions.decrypt import CheckedEnvelope, EnvelopeChecker, stored_envelope
from app.sync.actions.envelope_rows import Sender
from app.sync.actions.handlers import IntakeOutcome
from app.sync.queries import devices, envelopes
from app.sync.rules.envelope import SealedEnvelope
from app.sync.vocabulary import CREATED, DUPLICATE, QUARANTINED
from app.web.device_auth import NotEnrolled

EnvelopeKey: TypeAlias = tuple[UUID, str]
"""An envelope's id and its receipt."""
EarlierEnvelopes: TypeAlias = Mapping[UUID, Sequence[Any]]
"""Rows of `list_received_unscoped` by envelope id."""


@dataclass(frozen=True)
class EnvelopeResult:
    """The response to one envelope: its id as it was sent, its result and its receipt."""

    id: str
    result: str
    receipt: str


def lock_sender(session: Session, device_id: UUID) -> Sender:
    """Lock the tablet that sends until the transaction ends; raises NotEnrolled if it was revoked meanwhile."""
    device = devices.lock_device_unscoped(session, device_id)
    if device is None or not device.is_enrolled:
        raise NotEnrolled("revoked")
    return Sender(device)


def receive_envelopes(
    session: Session, sender: Sender, received: Sequence[SealedEnvelope]
) -> list[EnvelopeResult]:
    """Receive a batch and return the result of each envelope, in the same order.

    Raises DailyLimitExceeded if a tablet itself sent more than it may: the caller must roll back.
    """
    earlier = envelopes.list_received_unscoped(session, {envelope.id for envelope in received})
    results, new = dict[EnvelopeKey, str](), dict[EnvelopeKey, SealedEnvelope]()
    for envelope in received:
        earlier_result = _earlier_result(sender, envelope, earlier)
        if earlier_result:
            results[_key(envelope)] = earlier_result
        else:
            new.setdefault(_key(envelope), envelope)
    if sender.imported_by is None:
        daily_limits.check_envelope_limit(session, sender.device, len(new))
    results |= _receive_new(session, sender, new, earlier) if new else {}
    return [
        EnvelopeResult(envelope.raw_id, _result_of(envelope, new, results), envelope.receipt)
        for envelope in received
    ]


def _key(envelope: SealedEnvelope) -> EnvelopeKey:
    return envelope.id, envelope.receipt


def _earlier_result(sender: Sender, envelope: SealedEnvelope, earlier: EarlierEnvelopes) -> str:
    """Return the result of the same bytes received from this tablet before, sent or imported; empty if they are new."""
    for row in earlier.get(envelope.id, ()):
        if row.receipt == envelope.receipt and row.device_id == sender.device.id:
            return str(row.result)
    return ""


def _result_of(
    envelope: SealedEnvelope,
    new: Mapping[EnvelopeKey, SealedEnvelope],
    results: Mapping[EnvelopeKey, str],
) -> str:
    """Return the result of an envelope; one that was created before is a duplicate, also within a batch."""
    result = results[_key(envelope)]
    is_new = new.get(_key(envelope)) is envelope
    return DUPLICATE if result == CREATED and not is_new else result


def _receive_new(
    session: Session,
    sender: Sender,
    new: Mapping[EnvelopeKey, SealedEnvelope],
    earlier: EarlierEnvelopes,
) -> dict[EnvelopeKey, str]:
    """Record new envelopes and return the result of each.

    Every writer locks in one order: the tablet, its waiting voidings, cards, rows; aggregates last and once.
    """
    checker = EnvelopeChecker(session, sender.device)
    checked = {key: _check(checker, sender, envelope, earlier) for key, envelope in new.items()}
    arriving = [c.payload.record_id for c in checked.values() if c.payload and c.payload.record_id]
    waiting = _lock_waiting(session, checker, arriving)
    every: dict[EnvelopeKey | int, CheckedEnvelope] = dict(checked.items()) | dict(waiting.items())
    recordable = {key: each.recordable for key, each in every.items() if each.recordable}
    with defer_aggregates(session):
        recorded = dict(
            zip(recordable, batch.record_batch(session, list(recordable.values())), strict=True)
        )
        outcomes = {
            key: recorded.get(key) or IntakeOutcome(QUARANTINED, each.reason)
            for key, each in every.items()
        }
        rows = [(new[key], checked[key], outcomes[key]) for key in new]
        envelope_rows.insert_received(session, sender, rows)
        for number in waiting:
            envelope_rows.settle_waiting(session, number, outcomes[number])
    return {key: outcomes[key].result for key in new}


def _check(
    checker: EnvelopeChecker, sender: Sender, envelope: SealedEnvelope, earlier: EarlierEnvelopes
) -> CheckedEnvelope:
    checked = checker.check(envelope, sent_itself=sender.imported_by is None)
    senders = {
        row.device_id for row in earlier.get(envelope.id, ()) if row.receipt == envelope.receipt
    }
    if checked.payload is not None and senders - {sender.device.id}:
        return CheckedEnvelope(checked.payload, None, "other_device")
    return checked


def _lock_waiting(
    session: Session, checker: EnvelopeChecker, arriving: Collection[UUID]
) -> dict[int, CheckedEnvelope]:
    """Lock the tablet's voidings whose records are there by now, or `arriving`; return them by their row's number."""
    device = checker.device
    rows = envelopes.lock_waiting_voids(session, device.id, device.desk_id, arriving)
    return {row.number: checker.check(stored_envelope(row), sent_itself=True) for row in rows}
