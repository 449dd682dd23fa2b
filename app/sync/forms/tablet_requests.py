"""Reads the JSON of tablets: envelopes, of which none is turned away, and what a tablet says of itself."""

from typing import Any
from uuid import UUID

from app import clock
from app.sync.actions.devices import Heartbeat
from app.sync.rules.envelope import SealedEnvelope
from app.sync.rules.sealing import from_text, receipt_of

MOST = 2_000_000_000


def read_envelopes(raw: dict[str, Any]) -> list[SealedEnvelope] | None:
    """The envelopes of a batch in their order; None where it is not a list of objects."""
    given = raw.get("envelopes")
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        return None
    return [_sent(one) for one in given]


def _sent(given: dict[str, Any]) -> SealedEnvelope:
    text = str(given.get("sealed") or "")
    sealed = from_text(text)
    kept = text.encode("utf-8", "replace") if sealed is None else sealed
    receipt, said_id = receipt_of(kept), str(given.get("id"))
    format_ = given.get("format")
    whole = isinstance(format_, int) and not isinstance(format_, bool) and abs(format_) < MOST
    key_id = str(given.get("key") or "")[:20]
    printable = key_id if key_id.isprintable() else ""
    id_ = _uuid(said_id) or UUID(receipt[:32])
    return SealedEnvelope(said_id[:80], id_, printable, int(str(format_)) if whole else -1, kept, receipt)


def _uuid(text: str) -> UUID | None:
    try:
        read = UUID(text)
    except ValueError:
        return None
    return read if str(read) == text else None


def read_contact(raw: dict[str, Any]) -> Heartbeat:
    """What a tablet says of itself; what cannot be read of it is left out."""
    persisted = raw.get("persisted")
    return Heartbeat(
        waiting=_count(raw.get("waiting")),
        oldest_at=clock.read_moment(raw.get("oldest_at")),
        saved=_count(raw.get("saved")),
        version="".join(sign for sign in str(raw.get("version") or "") if sign.isalnum())[:20],
        persisted=persisted if isinstance(persisted, bool) else None,
    )


def _count(value: Any) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return min(max(value, 0), MOST) if whole else 0
