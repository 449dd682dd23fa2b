"""Reads the file that *Save a copy* made of a tablet's queue."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.sync.forms.tablet_requests import read_envelopes
from app.sync.rules.envelope import SealedEnvelope
from app.text_limits import has_too_many_values

FORMAT = 1
MAX_EXPORT_BYTES = 2 * 1024 * 1024
MAX_EXPORT_ENVELOPES = 1000


@dataclass(frozen=True)
class QueueExport:
    """The tablet that made a copy, and the envelopes of its queue in their order."""

    device_id: UUID
    envelopes: list[SealedEnvelope]


def parse_queue_export(content: bytes) -> QueueExport | None:
    """What a file holds; None where it is no copy of a queue, or holds too much."""
    if len(content) > MAX_EXPORT_BYTES or has_too_many_values(content):
        return None
    try:
        raw = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return _copy(raw) if isinstance(raw, dict) and raw.get("format") == FORMAT else None


def _copy(raw: dict[str, Any]) -> QueueExport | None:
    envelopes = read_envelopes(raw)
    try:
        device = UUID(str(raw.get("device")))
    except ValueError:
        return None
    return None if envelopes is None or len(envelopes) > MAX_EXPORT_ENVELOPES else QueueExport(device, envelopes)
