"""Takes what tablets send: each envelope once, none turned away, one savepoint each and one commit a batch."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app.audit.actions import note
from app.base import clock
from app.base.database_faults import fault_of
from app.base.enrolment import NotEnrolled
from app.sync.actions import kinds
from app.sync.actions.kinds import Taken
from app.sync.actions.opening import apart, author_of, sent_of, unseal
from app.sync.queries import devices, envelopes
from app.sync.queries.devices import DeviceRow
from app.sync.queries.envelopes import ENVELOPES
from app.sync.rules import taking
from app.sync.rules.taking import Opened, Sent
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

log = logging.getLogger("ventanilla")


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


def receive(session: Session, sender: Sender, sent: Sequence[Sent]) -> list[Told]:
    """Takes a batch in its order; what is said of each envelope, in the same order."""
    known = envelopes.list_known(session, {one.id for one in sent})
    told = []
    for one in sent:
        before = known.setdefault(one.id, [])
        result = _again(sender, one, before) or _take(session, sender, one, before)
        told.append(Told(one.said_id, result, one.receipt))
    apply_held(session, sender.device)
    return told


def _again(sender: Sender, one: Sent, before: list[Any]) -> str:
    """What was said of the tablet's very same bytes before, sent or brought; empty where they are new."""
    for row in before:
        if row.receipt == one.receipt and row.device_id == sender.device.id:
            return DUPLICATE if row.result == CREATED else str(row.result)
    return ""


def _take(session: Session, sender: Sender, one: Sent, before: list[Any]) -> str:
    unsealed = unseal(one)
    reason = unsealed.reason or _replayed(sender, one, before)
    taken, author_id = Taken(QUARANTINED, reason or "unreadable"), None
    if unsealed.opened is not None and not reason:
        taken, author_id = _recorded(session, sender, unsealed.opened)
    row = _line(sender, one, unsealed.opened, (taken, author_id))
    session.execute(insert(ENVELOPES).values(**row))
    before.append(_Known(one.receipt, sender.device.id, taken.result))
    if row["state"] == OPEN:
        note(sender.brought_by, "envelope_quarantined", f"envelope:{one.id}", sender.device.country)
    return taken.result


@dataclass(frozen=True)
class _Known:
    receipt: str
    device_id: UUID
    result: str


def _replayed(sender: Sender, one: Sent, before: list[Any]) -> str:
    """Why bytes are set aside that came from another tablet before."""
    others = {row.device_id for row in before if row.receipt == one.receipt}
    return "other_device" if others - {sender.device.id} else ""


def _recorded(session: Session, sender: Sender, opened: Opened) -> tuple[Taken, int | None]:
    """Records what was opened, in a savepoint of its own; and the author's account id where there is one."""
    author, reason = author_of(session, sender.device, opened)
    author_id = author.account_id if author else None
    device = str(sender.device.id) if sender.brought_by is None else ""
    reason = taking.why_foreign(opened, device, sender.device.desk) or reason
    if not reason and taking.is_too_old(opened, clock.today_at(sender.device.time_zone)):
        reason = "too_old"
    if reason or author is None:
        return Taken(QUARANTINED, reason), author_id
    vouched = replace(opened, said={**opened.said, "device": str(sender.device.id)})
    try:
        with apart(session):
            return kinds.take(session, author, vouched), author_id
    except Exception as error:
        if fault_of(error).is_of_the_database:
            raise
        log.exception("bug", extra={"said": {"kind": type(error).__name__, "file": "envelope"}})
        return Taken(QUARANTINED, "fault"), author_id


def _line(
    sender: Sender, one: Sent, opened: Opened | None, ended: tuple[Taken, int | None]
) -> dict[str, Any]:
    taken, author_id = ended
    settled = taken.result in (CREATED, DUPLICATE)
    state = HELD if taken.held else SETTLED if settled else OPEN
    kept = one.sealed[: LARGEST + 1] if state != SETTLED else None
    facts = {"id": one.id, "receipt": one.receipt, "key_id": one.key_id, "format": one.format}
    origin = {"device_id": sender.device.id, "source": sender.source}
    return {
        **facts,
        **origin,
        "brought_by": sender.brought_by,
        "kind": opened.kind if opened and opened.kind in KINDS else "",
        "about": opened.about if opened else None,
        "desk_id": sender.device.desk_id,
        "country": sender.device.country,
        "author_id": author_id,
        "result": taken.result,
        "reason": taken.reason or ("record_missing" if taken.held else ""),
        "state": state,
        "sealed": kept,
        "received_at": clock.now(),
        "settled_at": clock.now() if settled and not taken.held else None,
        "settled_by": None,
    }


def apply_held(session: Session, device: DeviceRow) -> None:
    """Voids what a tablet's voidings named and has arrived since."""
    for row in envelopes.list_held(session, device.id):
        opened = unseal(sent_of(row)).opened
        if opened is None:
            continue
        taken, _ = _recorded(session, Sender(device), opened)
        if taken.held:
            continue
        settled = taken.result == CREATED
        values: dict[str, Any] = {"reason": taken.reason, "result": taken.result, "state": OPEN}
        if settled:
            values |= {"state": SETTLED, "sealed": None, "settled_at": clock.now()}
        changed = update(ENVELOPES).where(ENVELOPES.c.number == row.number)
        session.execute(changed.values(**values))
