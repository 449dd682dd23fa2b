"""What an opened envelope says, and why one is set aside before anything of it is recorded."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from app.sync.vocabulary import CONSULTATION, KINDS, MOST_DAYS
from app.text_limits import has_too_many_values

OUTER = frozenset({"kind", "author"})


@dataclass(frozen=True)
class SealedEnvelope:
    """One envelope as it came: its id, key and format as said, the sealed bytes and their receipt.

    What has no readable id is kept under one made of its receipt.
    """

    raw_id: str
    id: UUID
    key_id: str
    format: int
    sealed: bytes
    receipt: str


@dataclass(frozen=True)
class Payload:
    """What an envelope held: its kind, its author's username, the desk, the tablet that made it, and the rest."""

    kind: str
    author: str
    desk: str
    device: str
    data: dict[str, Any]

    @property
    def record_id(self) -> UUID | None:
        """The record that it is or names; None where it names none."""
        try:
            return UUID(str(self.data.get("record" if self.kind == "void" else "id")))
        except ValueError:
            return None


def parse_payload(content: bytes, envelope_id: UUID) -> Payload | None:
    """What the unsealed bytes say; None where they are not the JSON of this envelope's record."""
    if has_too_many_values(content):
        return None
    try:
        said = json.loads(content.decode("utf-8"), object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("id") != str(envelope_id):
        return None
    texts = {name: said.get(name) for name in ("kind", "author", "desk")}
    device = said.get("device")
    rest = {name: value for name, value in said.items() if name not in OUTER}
    kind, author, desk = (str(texts[name] or "") for name in ("kind", "author", "desk"))
    return Payload(kind, author, desk, str(device or ""), rest)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) != len(pairs):
        raise ValueError("a key stands twice")
    return said


def foreign_reason(opened: Payload, device: str, desk: str) -> str:
    """Why what was opened is not the sending tablet's own, empty where it is; `device` is empty for a brought copy."""
    if opened.kind not in KINDS or not opened.kind:
        return "unknown_kind"
    if device and opened.device and opened.device != device:
        return "other_device"
    return "other_desk" if opened.desk != desk else ""


def is_too_old(opened: Payload, today: date) -> bool:
    """Whether a consultation's day lies more than 60 days back (design README: for tablets only)."""
    if opened.kind != CONSULTATION:
        return False
    try:
        day = date.fromisoformat(str(opened.data.get("held_on")))
    except ValueError:
        return False
    return today - day > timedelta(days=MOST_DAYS)


def exceeds_batch_limits(sizes: list[int], most: int, most_bytes: int) -> bool:
    """Whether a batch holds more than it may; a single envelope may be larger and is then set aside."""
    return len(sizes) > most or (len(sizes) > 1 and sum(sizes) > most_bytes)
