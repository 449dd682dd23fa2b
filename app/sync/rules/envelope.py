"""Envelopes: the payload of one that was decrypted, and why one is quarantined before anything of it is recorded."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from app.json_object import JsonObject, parse_json_object
from app.sync.vocabulary import CONSULTATION, KINDS, MAX_AGE_DAYS

ENVELOPE_FIELDS = frozenset({"kind", "author"})
"""Fields of a payload that are no answers of its record."""


@dataclass(frozen=True)
class SealedEnvelope:
    """One envelope as received: its id, key and format as sent, the sealed bytes and their receipt.

    Without a readable id, `id` is made of the receipt.
    """

    raw_id: str
    id: UUID
    key_id: str
    format: int
    sealed: bytes
    receipt: str


@dataclass(frozen=True)
class Payload:
    """The content of an envelope: its kind, its author's username, desk, the tablet that made it, and all answers."""

    kind: str
    author: str
    desk: str
    device: str
    data: JsonObject

    @property
    def record_id(self) -> UUID | None:
        """The id of the record that it holds, or that it voids; None if it has no readable one."""
        try:
            return UUID(str(self.data.get("record" if self.kind == "void" else "id")))
        except ValueError:
            return None


def parse_payload(content: bytes, envelope_id: UUID) -> Payload | None:
    """Parse decrypted bytes; None if they are not the JSON of this envelope's record."""
    raw = parse_json_object(content)
    if raw is None or raw.get("id") != str(envelope_id):
        return None
    kind, author, desk, device = (
        str(raw.get(name) or "") for name in ("kind", "author", "desk", "device")
    )
    data = {name: value for name, value in raw.items() if name not in ENVELOPE_FIELDS}
    return Payload(kind, author, desk, device, data)


def foreign_reason(payload: Payload, device: str, desk: str) -> str:
    """Return why a payload is not of the sending tablet, a code of REASONS; empty if it is.

    `device` is empty for an imported queue.
    """
    if payload.kind not in KINDS or not payload.kind:
        return "unknown_kind"
    if device and payload.device and payload.device != device:
        return "other_device"
    return "other_desk" if payload.desk != desk else ""


def is_too_old(payload: Payload, today: date) -> bool:
    """Return whether a consultation's day lies more than 60 days back (design README: for tablets only)."""
    if payload.kind != CONSULTATION:
        return False
    try:
        day = date.fromisoformat(str(payload.data.get("held_on")))
    except ValueError:
        return False
    return today - day > timedelta(days=MAX_AGE_DAYS)


def exceeds_batch_limits(sizes: list[int], max_envelopes: int, max_bytes: int) -> bool:
    """Return whether a batch is too large; a single envelope may exceed the bytes and is quarantined then."""
    return len(sizes) > max_envelopes or (len(sizes) > 1 and sum(sizes) > max_bytes)
