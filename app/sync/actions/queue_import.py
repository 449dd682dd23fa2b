"""Import of the exported queue of a tablet, by a supervisor."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.actions import record_audit
from app.sync.actions import intake
from app.sync.actions.envelope_rows import Sender
from app.sync.queries import devices, envelopes
from app.sync.rules.envelope import SealedEnvelope
from app.sync.vocabulary import CREATED, DUPLICATE
from app.web.access import Principal


@dataclass(frozen=True)
class QueueImportResult:
    """How many records of an import were new, were received before, were quarantined."""

    new: int
    duplicates: int
    quarantined: int


def import_queue(
    session: Session, principal: Principal, device_id: UUID, queue: Sequence[SealedEnvelope]
) -> QueueImportResult | None:
    """Receive the envelopes of an exported queue; None if its tablet is not of the principal's countries."""
    if devices.find_device(session, principal.scope, device_id) is None:
        return None
    device = devices.lock_device_unscoped(session, device_id)
    if device is None:
        return None
    sender = Sender(device, principal.account_id)
    new = _not_received(session, sender, queue)
    results = intake.receive_envelopes(session, sender, new)
    counts = Counter(result.result for result in results)
    counts[DUPLICATE] += len(queue) - len(new)
    subject = f"device:{device.id}"
    record_audit(principal.account_id, "envelopes_brought", subject, device.country)
    created, duplicates = counts[CREATED], counts[DUPLICATE]
    return QueueImportResult(created, duplicates, counts.total() - created - duplicates)


def _not_received(
    session: Session, sender: Sender, queue: Sequence[SealedEnvelope]
) -> list[SealedEnvelope]:
    """Return the envelopes that were not received yet, neither from the tablet itself nor by an import."""
    received = envelopes.list_received_unscoped(session, {envelope.id for envelope in queue})
    keys = {
        (id_, row.receipt)
        for id_, rows in received.items()
        for row in rows
        if row.device_id == sender.device.id
    }
    return [envelope for envelope in queue if (envelope.id, envelope.receipt) not in keys]
