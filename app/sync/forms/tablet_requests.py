"""Parses the JSON of tablets: envelopes, none of which is turned away, and the state that a tablet reports."""

from typing import Any
from uuid import UUID

from app import clock
from app.sync.actions.devices import Heartbeat
from app.sync.rules.envelope import SealedEnvelope
from app.sync.rules.sealing import compute_receipt, from_base64url

MAX_COUNT = 2_000_000_000


def parse_envelopes(raw: dict[str, Any]) -> list[SealedEnvelope] | None:
    """Return the envelopes of a batch in their order; None if `envelopes` is not a list of objects."""
    items = raw.get("envelopes")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return None
    return [_parse_envelope(item) for item in items]


def _parse_envelope(item: dict[str, Any]) -> SealedEnvelope:
    text = str(item.get("sealed") or "")
    decoded = from_base64url(text)
    sealed = text.encode("utf-8", "replace") if decoded is None else decoded
    receipt, raw_id = compute_receipt(sealed), str(item.get("id"))
    key_id = str(item.get("key") or "")[:20]
    return SealedEnvelope(
        raw_id=raw_id[:80],
        id=_parse_uuid(raw_id) or UUID(receipt[:32]),
        key_id=key_id if key_id.isprintable() else "",
        format=_parse_format(item.get("format")),
        sealed=sealed,
        receipt=receipt,
    )


def _parse_format(value: Any) -> int:
    is_int = isinstance(value, int) and not isinstance(value, bool)
    return value if is_int and abs(value) < MAX_COUNT else -1


def _parse_uuid(text: str) -> UUID | None:
    try:
        uuid = UUID(text)
    except ValueError:
        return None
    return uuid if str(uuid) == text else None


def parse_heartbeat(raw: dict[str, Any]) -> Heartbeat:
    """Return the state that a tablet reports; parts that cannot be read are left empty."""
    persisted = raw.get("persisted")
    return Heartbeat(
        waiting=_parse_count(raw.get("waiting")),
        oldest_at=clock.parse_moment(raw.get("oldest_at")),
        saved=_parse_count(raw.get("saved")),
        version="".join(char for char in str(raw.get("version") or "") if char.isalnum())[:20],
        persisted=persisted if isinstance(persisted, bool) else None,
    )


def _parse_count(value: Any) -> int:
    is_int = isinstance(value, int) and not isinstance(value, bool)
    return min(max(value, 0), MAX_COUNT) if is_int else 0
