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
from app.sync.actions.decrypt import Judge, Judged, sent_of
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
Key: TypeAlias = tuple[UUID, str]
"""An envelope's id and its receipt."""
Known: TypeAlias = Mapping[UUID, Sequence[Any]]


@dataclass(frozen=True)
class Sender:
    """Where envelopes come from: a tablet itself, or a supervisor (`brought_by`) with the copy of its queue."""

    device: DeviceRow
    brought_by: int | None = None

    @property
    def source(self) -> str:
        return str(self.device.id) if self.brought_by is None else "copy"


@dataclass(frozen=True)
class Told:
    """What is said of one envelope: its id as it was sent, result and receipt."""

    id: str
    result: str
    receipt: str


def sender_of(session: Session, device_id: UUID) -> Sender:
    """The tablet that sends now, held until the transaction ends; raises NotEnrolled where it was revoked meanwhile."""
    device = devices.lock(session, device_id)
    if device is None or not device.is_enrolled:
        raise NotEnrolled("revoked")
    return Sender(device)


def receive(session: Session, sender: Sender, sent: Sequence[SealedEnvelope]) -> list[Told]:
    """Takes a batch; what is said of each envelope, in the same order.

    Raises TooMuch where a tablet itself sent more than it may: the caller must roll back.
    """
    known = envelopes.list_known(session, {one.id for one in sent})
    results, fresh = dict[Key, str](), dict[Key, SealedEnvelope]()
    for one in sent:
        before = _before(sender, one, known)
        if before:
            results[_key(one)] = before
        else:
            fresh.setdefault(_key(one), one)
    if sender.brought_by is None:
        daily_limits.check_number(session, sender.device, len(fresh))
    results |= _take(session, sender, fresh, known) if fresh else {}
    return [Told(one.raw_id, _said(one, fresh, results), one.receipt) for one in sent]


def _key(one: SealedEnvelope) -> Key:
    return one.id, one.receipt


def _before(sender: Sender, one: SealedEnvelope, known: Known) -> str:
    """How the tablet's very same bytes ended before, sent or brought; empty where they are new."""
    for row in known.get(one.id, ()):
        if row.receipt == one.receipt and row.device_id == sender.device.id:
            return str(row.result)
    return ""


def _said(one: SealedEnvelope, fresh: Mapping[Key, SealedEnvelope], results: Mapping[Key, str]) -> str:
    """The result of an envelope; what was created before is a duplicate now, also within a batch."""
    result = results[_key(one)]
    is_new = fresh.get(_key(one)) is one
    return DUPLICATE if result == CREATED and not is_new else result


def _take(
    session: Session, sender: Sender, fresh: Mapping[Key, SealedEnvelope], known: Known
) -> dict[Key, str]:
    """How each new envelope ended.

    Everybody locks in one order: the tablet, its voidings that waited, cards, rows; cells last and once.
    """
    judge = Judge(session, sender.device)
    judged = {key: _judged(judge, sender, one, known) for key, one in fresh.items()}
    arriving = [one.opened.record_id for one in judged.values() if one.opened and one.opened.record_id]
    waiting = _waiting(session, judge, arriving)
    every: dict[Key | int, Judged] = dict(judged.items()) | dict(waiting.items())
    asked = {key: one.asked for key, one in every.items() if one.asked}
    with defer_aggregates(session):
        taken = dict(zip(asked, batch.take(session, list(asked.values())), strict=True))
        ended = {
            key: taken.get(key) or IntakeOutcome(QUARANTINED, one.reason) for key, one in every.items()
        }
        _keep(session, sender, [(one, judged[key], ended[key]) for key, one in fresh.items()])
        for number in waiting:
            _settle(session, number, ended[number])
    return {key: ended[key].result for key in fresh}


def _judged(judge: Judge, sender: Sender, one: SealedEnvelope, known: Known) -> Judged:
    found = judge.judge(one, sent_itself=sender.brought_by is None)
    same = {row.device_id for row in known.get(one.id, ()) if row.receipt == one.receipt}
    if found.opened is not None and same - {sender.device.id}:
        return Judged(found.opened, None, "other_device")
    return found


def _waiting(session: Session, judge: Judge, arriving: Collection[UUID]) -> dict[int, Judged]:
    """The tablet's voidings that waited for records which are there, or arrive now; by their lines' numbers."""
    rows = envelopes.lock_held(session, judge.device.id, judge.device.desk_id, arriving)
    return {row.number: judge.judge(sent_of(row), sent_itself=True) for row in rows}


def _keep(session: Session, sender: Sender, ended: Sequence[tuple[SealedEnvelope, Judged, IntakeOutcome]]) -> None:
    """A line for every envelope, and an entry for every one that was set aside."""
    rows = [_line(sender, *one) for one in ended]
    insert_rows(session, NEW, rows)
    if sender.brought_by is None and any(row["state"] != SETTLED for row in rows):
        daily_limits.check_set_aside(session, sender.device)
    for row in rows:
        if row["state"] == OPEN:
            about = f"envelope:{row['id']}"
            record_audit(sender.brought_by, "envelope_quarantined", about, sender.device.country)


def _line(sender: Sender, one: SealedEnvelope, judged: Judged, taken: IntakeOutcome) -> dict[str, Any]:
    settled = taken.result in (CREATED, DUPLICATE)
    state = HELD if taken.awaits_record else SETTLED if settled else OPEN
    opened, now = judged.opened, clock.now()
    facts = {"id": one.id, "receipt": one.receipt, "key_id": one.key_id, "format": one.format}
    origin = {"device_id": sender.device.id, "source": sender.source}
    return {
        **facts,
        **origin,
        "brought_by": sender.brought_by,
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
