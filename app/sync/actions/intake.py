"""Takes what tablets send: each envelope once, none turned away; a batch is one set and one commit."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.db.session import insert_rows
from app.people.actions.aggregates import defer_aggregates
from app.sync.actions import batch, daily_limits
from app.sync.actions.decrypt import EnvelopeChecker, CheckedEnvelope, stored_envelope
from app.sync.actions.handlers import IntakeOutcome
from app.sync.queries import devices, envelopes
from app.sync.queries.devices import DeviceRow
from app.sync.queries.envelopes import ENVELOPES
from app.sync.rules.envelope import SealedEnvelope
from app.sync.vocabulary import (
    CREATED,
    DUPLICATE,
    HELD,
    KINDS,
    LARGEST,
    OPEN,
    QUARANTINED,
    SETTLED,
)
from app.web.device_auth import NotEnrolled

NEW = insert(ENVELOPES)
EnvelopeKey: TypeAlias = tuple[UUID, str]
"""An envelope's id and its receipt."""
EarlierEnvelopes: TypeAlias = Mapping[UUID, Sequence[Any]]


@dataclass(frozen=True)
class Sender:
    """Where envelopes come from: a tablet itself, or a supervisor (`brought_by`) with the copy of its queue."""

    device: DeviceRow
    imported_by: int | None = None

    @property
    def source(self) -> str:
        return str(self.device.id) if self.imported_by is None else "copy"


@dataclass(frozen=True)
class EnvelopeResult:
    """What is said of one envelope: its id as it was sent, result and receipt."""

    id: str
    result: str
    receipt: str


def lock_sender(session: Session, device_id: UUID) -> Sender:
    """The tablet that sends now, held until the transaction ends; raises NotEnrolled where it was revoked meanwhile."""
    device = devices.lock_device_unscoped(session, device_id)
    if device is None or not device.is_enrolled:
        raise NotEnrolled("revoked")
    return Sender(device)


def receive_envelopes(session: Session, sender: Sender, sent: Sequence[SealedEnvelope]) -> list[EnvelopeResult]:
    """Takes a batch; what is said of each envelope, in the same order.

    Raises TooMuch where a tablet itself sent more than it may: the caller must roll back.
    """
    known = envelopes.list_received_unscoped(session, {one.id for one in sent})
    results, fresh = dict[EnvelopeKey, str](), dict[EnvelopeKey, SealedEnvelope]()
    for one in sent:
        before = _before(sender, one, known)
        if before:
            results[_key(one)] = before
        else:
            fresh.setdefault(_key(one), one)
    if sender.imported_by is None:
        daily_limits.check_envelope_limit(session, sender.device, len(fresh))
    results |= _take(session, sender, fresh, known) if fresh else {}
    return [EnvelopeResult(one.raw_id, _said(one, fresh, results), one.receipt) for one in sent]


def _key(one: SealedEnvelope) -> EnvelopeKey:
    return one.id, one.receipt


def _before(sender: Sender, one: SealedEnvelope, known: EarlierEnvelopes) -> str:
    """How the tablet's very same bytes ended before, sent or brought; empty where they are new."""
    for row in known.get(one.id, ()):
        if row.receipt == one.receipt and row.device_id == sender.device.id:
            return str(row.result)
    return ""


def _said(one: SealedEnvelope, fresh: Mapping[EnvelopeKey, SealedEnvelope], results: Mapping[EnvelopeKey, str]) -> str:
    """The result of an envelope; what was created before is a duplicate now, also within a batch."""
    result = results[_key(one)]
    is_new = fresh.get(_key(one)) is one
    return DUPLICATE if result == CREATED and not is_new else result


def _take(
    session: Session, sender: Sender, fresh: Mapping[EnvelopeKey, SealedEnvelope], known: EarlierEnvelopes
) -> dict[EnvelopeKey, str]:
    """How each new envelope ended.

    Everybody locks in one order: the tablet, its voidings that waited, cards, rows; cells last and once.
    """
    judge = EnvelopeChecker(session, sender.device)
    judged = {key: _judged(judge, sender, one, known) for key, one in fresh.items()}
    arriving = [one.payload.record_id for one in judged.values() if one.payload and one.payload.record_id]
    waiting = _waiting(session, judge, arriving)
    every: dict[EnvelopeKey | int, CheckedEnvelope] = dict(judged.items()) | dict(waiting.items())
    asked = {key: one.recordable for key, one in every.items() if one.recordable}
    with defer_aggregates(session):
        taken = dict(zip(asked, batch.record_batch(session, list(asked.values())), strict=True))
        ended = {
            key: taken.get(key) or IntakeOutcome(QUARANTINED, one.reason) for key, one in every.items()
        }
        _keep(session, sender, [(one, judged[key], ended[key]) for key, one in fresh.items()])
        for number in waiting:
            _settle(session, number, ended[number])
    return {key: ended[key].result for key in fresh}


def _judged(judge: EnvelopeChecker, sender: Sender, one: SealedEnvelope, known: EarlierEnvelopes) -> CheckedEnvelope:
    found = judge.check(one, sent_itself=sender.imported_by is None)
    same = {row.device_id for row in known.get(one.id, ()) if row.receipt == one.receipt}
    if found.payload is not None and same - {sender.device.id}:
        return CheckedEnvelope(found.payload, None, "other_device")
    return found


def _waiting(session: Session, judge: EnvelopeChecker, arriving: Collection[UUID]) -> dict[int, CheckedEnvelope]:
    """The tablet's voidings that waited for records which are there, or arrive now; by their lines' numbers."""
    rows = envelopes.lock_waiting_voids(session, judge.device.id, judge.device.desk_id, arriving)
    return {row.number: judge.check(stored_envelope(row), sent_itself=True) for row in rows}


def _keep(session: Session, sender: Sender, ended: Sequence[tuple[SealedEnvelope, CheckedEnvelope, IntakeOutcome]]) -> None:
    """A line for every envelope, and an entry for every one that was set aside."""
    rows = [_line(sender, *one) for one in ended]
    insert_rows(session, NEW, rows)
    if sender.imported_by is None and any(row["state"] != SETTLED for row in rows):
        daily_limits.check_quarantine_limit(session, sender.device)
    for row in rows:
        if row["state"] == OPEN:
            about = f"envelope:{row['id']}"
            record_audit(sender.imported_by, "envelope_quarantined", about, sender.device.country)


def _line(sender: Sender, one: SealedEnvelope, judged: CheckedEnvelope, taken: IntakeOutcome) -> dict[str, Any]:
    settled = taken.result in (CREATED, DUPLICATE)
    state = HELD if taken.awaits_record else SETTLED if settled else OPEN
    opened, now = judged.payload, clock.now()
    facts = {"id": one.id, "receipt": one.receipt, "key_id": one.key_id, "format": one.format}
    origin = {"device_id": sender.device.id, "source": sender.source}
    return {
        **facts,
        **origin,
        "brought_by": sender.imported_by,
        "kind": opened.kind if opened and opened.kind in KINDS else "",
        "about": opened.record_id if opened else None,
        "desk_id": sender.device.desk_id,
        "country": sender.device.country,
        "author_id": judged.author.account_id if judged.author else None,
        "result": taken.result,
        "reason": taken.reason or ("record_missing" if taken.awaits_record else ""),
        "state": state,
        "sealed": one.sealed[: LARGEST + 1] if state != SETTLED else None,
        "received_at": now,
        "settled_at": now if settled and not taken.awaits_record else None,
        "settled_by": None,
    }


def _settle(session: Session, number: int, taken: IntakeOutcome) -> None:
    """Ends the waiting of a voiding."""
    if taken.awaits_record:
        return
    values: dict[str, Any] = {"reason": taken.reason, "result": taken.result, "state": OPEN}
    if taken.result == CREATED:
        values |= {"state": SETTLED, "sealed": None, "settled_at": clock.now()}
    session.execute(update(ENVELOPES).where(ENVELOPES.c.number == number).values(**values))
