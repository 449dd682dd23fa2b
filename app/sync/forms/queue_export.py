"""Parses the file that *Save a copy* made of a tablet's queue."""

import json
from dataclasses import dataclass
from uuid import UUID

from app.sync.rules.envelope import SealedEnvelope
from app.sync.schemas.bodies import QueueExportBody, sealed_envelopes
from app.text_limits import has_too_many_values
from app.web.schemas.body import parse

FORMAT = 1
MAX_EXPORT_BYTES = 2 * 1024 * 1024
MAX_EXPORT_ENVELOPES = 1000


@dataclass(frozen=True)
class QueueExport:
    """The tablet that exported its queue, and the envelopes of the queue in their order."""

    device_id: UUID
    envelopes: list[SealedEnvelope]


def parse_queue_export(content: bytes) -> QueueExport | None:
    """Parse a file; None if it is not the export of a queue, or is too large."""
    if len(content) > MAX_EXPORT_BYTES or has_too_many_values(content):
        return None
    try:
        raw = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    is_export = isinstance(raw, dict) and raw.get("format") == FORMAT
    parsed = parse(QueueExportBody, raw) if is_export else None
    if parsed is None or parsed.errors or len(parsed.body.envelopes) > MAX_EXPORT_ENVELOPES:
        return None
    return QueueExport(parsed.body.device, sealed_envelopes(parsed.body))
