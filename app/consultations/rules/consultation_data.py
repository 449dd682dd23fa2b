"""The data of a consultation, its JSON and the digest by which two submissions of one id are compared."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from app.composition import PersonCount
from app.consultations.vocabulary import DECLINED, QUALIFYING_OUTCOMES
from app.json_object import JsonObject
from app.month import Month

ATTACHED = "attached"
"""In JSON, stands for the card that a record has; a correction that sends it keeps that card."""


@dataclass(frozen=True)
class Group:
    """People of one nationality and situation with one answer to "first time?"."""

    nationality: str
    situation: str
    repeat_contact: str
    persons: tuple[PersonCount, ...]


@dataclass(frozen=True)
class ConsultationData:
    """All attributes of a consultation; a tally has only desk, day and its one outcome."""

    id: str
    desk: str
    held_on: date
    channel: str = ""
    modality: str = ""
    travel_group: str = ""
    language: str = ""
    groups: tuple[Group, ...] = ()
    topics: tuple[str, ...] = ()
    main_topic: str = ""
    outcomes: tuple[str, ...] = (DECLINED,)
    flags: tuple[str, ...] = ()
    card_id: int | None = None
    """The id of the visitor card that was shown: its code is stored nowhere."""

    @property
    def is_tally(self) -> bool:
        return DECLINED in self.outcomes

    @property
    def persons(self) -> int:
        return sum(count.n for group in self.groups for count in group.persons)

    @property
    def month(self) -> Month:
        return Month.containing(self.held_on)

    @property
    def qualifies(self) -> bool:
        """Whether its people count as reached: at least one outcome that gave something (counting.md)."""
        return not QUALIFYING_OUTCOMES.isdisjoint(self.outcomes)


@dataclass(frozen=True)
class Change:
    """The version that a correction or voiding replaces, and the code of its reason, with the errors of both."""

    version: int | None
    reason: str
    errors: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ParsedConsultation:
    """The readable part of a submitted consultation, with its errors: pairs of a field's path and a code.

    Fields of `answers` that could not be read are blank, so that all errors can be reported at once. Its day is valid
    only if `held_on` is not None.
    """

    answers: ConsultationData
    errors: tuple[tuple[str, str], ...]
    held_on: date | None
    telemetry: Mapping[str, int | str | None]
    card: str | None = None
    """The card's normalised code; ATTACHED stands for the card that the record has."""
    change: Change | None = None
    """What a correction replaces and why; None if the consultation is new."""

    @property
    def data(self) -> ConsultationData | None:
        """The data, None if any field could not be read."""
        return None if self.errors else self.answers

    @property
    def desk(self) -> str:
        return self.answers.desk


def as_json(data: ConsultationData) -> JsonObject:
    """Return the JSON of outside.md, with defaults filled in and lists in their stored order."""
    payload: JsonObject = {
        "id": data.id,
        "desk": data.desk,
        "held_on": data.held_on.isoformat(),
    }
    if data.is_tally:
        return {**payload, "outcomes": [DECLINED]}
    copied = ("channel", "modality", "travel_group", "language")
    payload |= {name: getattr(data, name) for name in copied}
    payload["card"] = None if data.card_id is None else ATTACHED
    payload["groups"] = [_group_json(group) for group in data.groups]
    return payload | {
        "topics": list(data.topics),
        "main_topic": data.main_topic,
        "outcomes": list(data.outcomes),
        "flags": list(data.flags),
    }


def _group_json(group: Group) -> JsonObject:
    return {
        "nationality": group.nationality,
        "situation": group.situation,
        "repeat_contact": group.repeat_contact,
        "persons": [vars(count) for count in group.persons],
    }


def canonical_json(data: ConsultationData) -> str:
    """Return the canonical JSON: keys and lists sorted, so that equal data is equal text."""
    payload = as_json(data)
    if not data.is_tally:
        payload["card"] = data.card_id
    for name in ("topics", "outcomes", "flags"):
        if name in payload:
            payload[name] = sorted(payload[name])
    for group in payload.get("groups", ()):
        group["persons"].sort(key=lambda count: (count["sex"], count["age_band"]))
    if len(payload.get("groups", ())) > 1:
        payload["groups"].sort(key=lambda group: json.dumps(group, sort_keys=True))
    return json.dumps(payload, sort_keys=True, separators=(",", ":"))


def content_digest(data: ConsultationData) -> str:
    """Return the SHA-256 of the canonical JSON in hexadecimal."""
    return sha256(canonical_json(data).encode()).hexdigest()
