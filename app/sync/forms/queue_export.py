"""Reads the file that *Save a copy* made of a tablet's queue."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.sync.forms.tablet_requests import read_envelopes
from app.sync.rules.envelope import Sent
from app.text_limits import has_too_many_values

FORMAT = 1
MOST_BYTES = 2 * 1024 * 1024
MOST = 1000


@dataclass(frozen=True)
class Copy:
    """The tablet that made a copy, and the envelopes of its queue in their order."""

    device: UUID
    envelopes: list[Sent]


def read_copy(content: bytes) -> Copy | None:
    """What a file holds; None where it is no copy of a queue, or holds too much."""
    if len(content) > MOST_BYTES or has_too_many_values(content):
        return None
    try:
        raw = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return _copy(raw) if isinstance(raw, dict) and raw.get("format") == FORMAT else None


def _copy(raw: dict[str, Any]) -> Copy | None:
    envelopes = read_envelopes(raw)
    try:
        device = UUID(str(raw.get("device")))
    except ValueError:
        return None
    return None if envelopes is None or len(envelopes) > MOST else Copy(device, envelopes)
