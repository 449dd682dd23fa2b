"""The content of a consultation: what two arrivals of it are compared by."""

import json
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from app.composition import PersonCount
from app.consultations.vocabulary import DECLINED, QUALIFYING_OUTCOMES
from app.month import Month

ATTACHED = "attached"
"""What is said of a card outside: a record has one. In a correction it keeps that one."""


@dataclass(frozen=True)
class Group:
    """People of one nationality and situation with one answer to "first time?"."""

    nationality: str
    situation: str
    repeat_contact: str
    persons: tuple[PersonCount, ...]


@dataclass(frozen=True)
class ConsultationData:
    """Everything that a consultation says; a tally has desk, day and its one outcome only."""

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
    """The row of the visitor card that was shown: the code itself is nowhere."""

    @property
    def is_tally(self) -> bool:
        return DECLINED in self.outcomes

    @property
    def persons(self) -> int:
        return sum(some.n for group in self.groups for some in group.persons)

    @property
    def month(self) -> Month:
        return Month.of(self.held_on)

    @property
    def qualifies(self) -> bool:
        """Whether its people count as reached: at least one outcome that gave something (counting.md)."""
        return not QUALIFYING_OUTCOMES.isdisjoint(self.outcomes)


@dataclass(frozen=True)
class ParsedConsultation:
    """What could be read of something sent, and what is wrong: pairs of a field's path and a code.

    `answers` is blank where something could not be read, so that all problems can be told at once;
    its day counts only where `held_on` is not None.
    """

    answers: ConsultationData
    errors: tuple[tuple[str, str], ...]
    held_on: date | None
    telemetry: dict[str, Any]
    card: str | None = None
    """The card's code as sent, in its plain form; ATTACHED is the card that the record has."""

    @property
    def data(self) -> ConsultationData | None:
        """The content, None where anything could not be read."""
        return None if self.errors else self.answers

    @property
    def desk(self) -> str:
        return self.answers.desk


def as_json(content: ConsultationData) -> dict[str, Any]:
    """The content in the words of the outside, defaults filled in, lists in their stored order."""
    said: dict[str, Any] = {
        "id": content.id,
        "desk": content.desk,
        "held_on": content.held_on.isoformat(),
    }
    if content.is_tally:
        return {**said, "outcomes": [DECLINED]}
    plain = ("channel", "modality", "travel_group", "language")
    said |= {name: getattr(content, name) for name in plain}
    said["card"] = None if content.card_id is None else ATTACHED
    said["groups"] = [_group_json(group) for group in content.groups]
    return said | {
        "topics": list(content.topics),
        "main_topic": content.main_topic,
        "outcomes": list(content.outcomes),
        "flags": list(content.flags),
    }


def _group_json(group: Group) -> dict[str, Any]:
    return {
        "nationality": group.nationality,
        "situation": group.situation,
        "repeat_contact": group.repeat_contact,
        "persons": [vars(some) for some in group.persons],
    }


def canonical_json(content: ConsultationData) -> str:
    """The canonical form: keys and lists sorted, so that the same content is the same text."""
    said = as_json(content)
    if not content.is_tally:
        said["card"] = content.card_id
    for name in ("topics", "outcomes", "flags"):
        if name in said:
            said[name] = sorted(said[name])
    for group in said.get("groups", ()):
        group["persons"].sort(key=lambda some: (some["sex"], some["age_band"]))
    if len(said.get("groups", ())) > 1:
        said["groups"].sort(key=lambda group: json.dumps(group, sort_keys=True))
    return json.dumps(said, sort_keys=True, separators=(",", ":"))


def content_digest(content: ConsultationData) -> str:
    """SHA-256 in hex of the canonical form."""
    return sha256(canonical_json(content).encode()).hexdigest()
