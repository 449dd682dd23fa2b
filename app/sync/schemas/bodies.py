"""Schemas of what tablets send: read leniently, none is turned away."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict
from pydantic_core import core_schema

from app import clock
from app.sync.actions.devices import Heartbeat
from app.sync.rules.envelope import SealedEnvelope
from app.sync.rules.sealing import compute_receipt, from_base64url
from app.web.schemas.body import Body, parse
from app.web.schemas.errors import error_of
from app.web.schemas.fields import ReadBy

MAX_COUNT = 2_000_000_000
_TEXT = core_schema.str_schema()
_COUNT = core_schema.int_schema(ge=0)
_ROW_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)


def _read_any_text(value: Any) -> str:
    return str(value or "")


def _read_id(value: Any) -> str:
    return str(value)


def _read_device(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise error_of("not_a_uuid") from None


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _read_format(value: Any) -> int | None:
    return value if _is_int(value) and abs(value) < MAX_COUNT else None


def _read_count(value: Any) -> int:
    return min(max(value, 0), MAX_COUNT) if _is_int(value) else 0


def _read_app_version(value: Any) -> str:
    return "".join(character for character in str(value or "") if character.isalnum())[:20]


def _read_flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _read_row_number(value: Any) -> int:
    if not _ROW_NUMBER.fullmatch(str(value)):
        raise error_of("not_a_number")
    return int(str(value))


class TabletBody(Body):
    """What a tablet sends: unknown fields are ignored, so that a tablet of any version is understood."""

    model_config = ConfigDict(extra="ignore")


class EnrolBody(TabletBody):
    """The one-time code that enrols a tablet."""

    code: str


class EnvelopeBody(TabletBody):
    """A sealed record. None is turned away: one that cannot be read is acknowledged and quarantined."""

    id: Annotated[str | None, ReadBy(_read_id, _TEXT, optional=True)]
    key: Annotated[str | None, ReadBy(_read_any_text, _TEXT, optional=True)]
    format: Annotated[int | None, ReadBy(_read_format, core_schema.int_schema(), optional=True)]
    sealed: Annotated[str | None, ReadBy(_read_any_text, _TEXT, optional=True)]


class EnvelopesBody(TabletBody):
    """A batch of sealed records."""

    envelopes: list[EnvelopeBody]


class QueueExportBody(EnvelopesBody):
    """The exported queue of a tablet."""

    device: Annotated[UUID, ReadBy(_read_device, _TEXT)]


class HeartbeatBody(TabletBody):
    """The state of a tablet; what cannot be read is left empty."""

    waiting: Annotated[int, ReadBy(_read_count, _COUNT, 0, optional=True)]
    oldest_at: Annotated[datetime | None, ReadBy(clock.parse_moment, _TEXT, optional=True)]
    saved: Annotated[int, ReadBy(_read_count, _COUNT, 0, optional=True)]
    version: Annotated[str, ReadBy(_read_app_version, _TEXT, "", optional=True)]
    persisted: Annotated[bool | None, ReadBy(_read_flag, core_schema.bool_schema(), optional=True)]


class TakeOverBody(TabletBody):
    """The colleague who takes a shared tablet over, and their PIN."""

    account: str
    pin: str


class VoidAllBody(TabletBody):
    """The number of the last record of a tablet that the page showed."""

    last: Annotated[int, ReadBy(_read_row_number, core_schema.int_schema(ge=0), 0)]


def parse_envelopes(raw: Mapping[str, Any]) -> list[SealedEnvelope] | None:
    """Return the envelopes of a batch in their order; None if `envelopes` is not a list of objects."""
    parsed = parse(EnvelopesBody, raw)
    return None if parsed.errors else sealed_envelopes(parsed.body)


def sealed_envelopes(body: EnvelopesBody) -> list[SealedEnvelope]:
    """Return the envelopes of a batch as they are received; without a readable id, one is made of the receipt."""
    return [_sealed_envelope(envelope) for envelope in body.envelopes]


def _sealed_envelope(body: EnvelopeBody) -> SealedEnvelope:
    text, raw_id = body.sealed or "", str(body.id)
    decoded = from_base64url(text)
    sealed = text.encode("utf-8", "replace") if decoded is None else decoded
    receipt, key_id = compute_receipt(sealed), (body.key or "")[:20]
    return SealedEnvelope(
        raw_id=raw_id[:80],
        id=_parse_uuid(raw_id) or UUID(receipt[:32]),
        key_id=key_id if key_id.isprintable() else "",
        format=-1 if body.format is None else body.format,
        sealed=sealed,
        receipt=receipt,
    )


def _parse_uuid(text: str) -> UUID | None:
    try:
        uuid = UUID(text)
    except ValueError:
        return None
    return uuid if str(uuid) == text else None


def parse_heartbeat(raw: Mapping[str, Any]) -> Heartbeat:
    """Return the state that a tablet reports; parts that cannot be read are left empty."""
    return Heartbeat(**vars(parse(HeartbeatBody, raw).body))
