"""Reads the JSON of a consultation into content, telling every field that cannot be read (outside.md, field table)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from app.base.problems import Problem
from app.consultations.forms.reader import TELEMETRY, Reader
from app.consultations.rules.content import Content
from app.consultations.vocabulary import (
    CHANNELS,
    DECLINED,
    FLAGS_A,
    MODALITIES,
    OUTCOMES,
    TOPICS,
    TRAVEL_GROUPS,
)

TALLY_FIELDS = frozenset({"id", "desk", "held_on", "outcomes", "device", *TELEMETRY})
FIELDS = TALLY_FIELDS | {
    "channel", "modality", "travel_group", "language", "card",
    "groups", "topics", "main_topic", "flags",
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """What could be read: content only where nothing is wrong; desk and day as far as they are readable."""

    content: Content | None
    problems: list[Problem]
    desk: str
    held_on: date | None
    telemetry: dict[str, Any]


def read(raw: dict[str, Any], also: frozenset[str] = frozenset()) -> Reading:
    """Reads a consultation's JSON; `also` names fields that the caller reads itself."""
    reader = Reader(raw)
    reader.refuse_unknown(raw, FIELDS | also, "")
    known = {"id": reader.uuid(), "desk": reader.desk(), "held_on": reader.day()}
    tally = raw.get("outcomes") == [DECLINED]
    if tally:
        for name in sorted(raw.keys() & FIELDS - TALLY_FIELDS):
            reader.wrong(name, "only_a_tally")
    else:
        known |= _answers(reader, raw)
    telemetry = reader.telemetry()
    content = None if reader.problems else Content(**known)
    return Reading(content, reader.problems, known["desk"], known["held_on"], telemetry)


def _answers(reader: Reader, raw: dict[str, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "channel": reader.choice(raw, "channel", CHANNELS, "desk_in_person"),
        "modality": reader.choice(raw, "modality", MODALITIES, "informational"),
        "travel_group": reader.choice(raw, "travel_group", TRAVEL_GROUPS, "not_stated"),
        "language": reader.language(),
        "groups": reader.groups(),
        "topics": reader.codes("topics", TOPICS, required=True),
        "outcomes": reader.codes("outcomes", OUTCOMES, required=True),
        "flags": reader.codes("flags", FLAGS_A, required=False),
    }
    if DECLINED in answers["outcomes"]:
        reader.wrong("outcomes", "only_a_tally")
    if raw.get("card") is not None:
        reader.wrong("card", "cards_not_yet")
    first = answers["topics"][0] if answers["topics"] else ""
    answers["main_topic"] = reader.choice(raw, "main_topic", TOPICS, first)
    return answers
