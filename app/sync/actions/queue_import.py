"""Takes the copy of a tablet's queue that a supervisor brings."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.actions import record_audit
from app.sync.actions import intake
from app.sync.actions.intake import Sender
from app.sync.queries import devices, envelopes
from app.sync.rules.envelope import SealedEnvelope
from app.sync.vocabulary import CREATED, DUPLICATE
from app.web.access import Principal


@dataclass(frozen=True)
class QueueImportResult:
    """How many records of a copy were new, were known before, were set aside."""

    new: int
    duplicates: int
    quarantined: int


def import_queue(session: Session, by: Principal, device_id: UUID, sent: Sequence[SealedEnvelope]) -> QueueImportResult | None:
    """Takes what the copy of a tablet's queue holds; None where the tablet is not of the own countries."""
    if devices.find_device(session, by.scope, device_id) is None:
        return None
    device = devices.lock_device_unscoped(session, device_id)
    if device is None:
        return None
    sender = Sender(device, by.account_id)
    fresh = _fresh(session, sender, sent)
    counted = Counter(told.result for told in intake.receive_envelopes(session, sender, fresh))
    counted[DUPLICATE] += len(sent) - len(fresh)
    record_audit(by.account_id, "envelopes_brought", f"device:{device.id}", device.country)
    new, known = counted[CREATED], counted[DUPLICATE]
    return QueueImportResult(new, known, counted.total() - new - known)


def _fresh(session: Session, sender: Sender, part: Sequence[SealedEnvelope]) -> list[SealedEnvelope]:
    """The envelopes that neither the tablet itself nor a copy has brought before."""
    known = envelopes.list_received_unscoped(session, {one.id for one in part})
    own = {
        (id_, row.receipt)
        for id_, rows in known.items()
        for row in rows
        if row.device_id == sender.device.id
    }
    return [one for one in part if (one.id, one.receipt) not in own]
