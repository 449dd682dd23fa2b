"""Reads the JSON of a consultation into content, telling every field that cannot be read."""

from dataclasses import replace
from datetime import date
from typing import Any

from app.consultations.forms.reader import TELEMETRY, Reader
from app.consultations.rules.consultation_data import ATTACHED, Content, Reading
from app.consultations.vocabulary import (
    CHANNELS,
    DECLINED,
    FLAGS_A,
    MODALITIES,
    OUTCOMES,
    TOPICS,
    TRAVEL_GROUPS,
)
from app.people.rules.card_codes import read_code

TALLY_FIELDS = frozenset({"id", "desk", "held_on", "outcomes"})
FIELDS = TALLY_FIELDS | {
    "device", *TELEMETRY,
    "channel", "modality", "travel_group", "language", "card",
    "groups", "topics", "main_topic", "flags",
}  # fmt: skip

TALLY_ONLY = FIELDS - TALLY_FIELDS
LONG_AGO = date(1900, 1, 1)
"""Stands where no day could be read; no rule looks at it."""


def read(raw: dict[str, Any], also: frozenset[str] = frozenset()) -> Reading:
    """Reads a consultation's JSON; `also` names fields that the caller reads itself."""
    reader = Reader(raw)
    reader.refuse_unknown(raw, FIELDS | also, "")
    held_on = reader.day()
    answers = Content(reader.uuid(), reader.desk(), held_on or LONG_AGO)
    if raw.get("outcomes") == [DECLINED]:
        for name in sorted(raw.keys() & TALLY_ONLY):
            reader.wrong(name, "only_a_tally")
    else:
        answers = replace(answers, **_answers(reader, raw))
    card = None if answers.is_tally else _card(reader, raw.get("card"), also)
    telemetry = reader.telemetry()
    return Reading(answers, tuple(reader.problems), held_on, telemetry, card)


def _card(reader: Reader, said: Any, also: frozenset[str]) -> str | None:
    if said in (None, "") or (said == ATTACHED and also):
        return said or None
    code = read_code(said) if isinstance(said, str) else None
    if code is None:
        reader.wrong("card", "card_mistyped")
    return code


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
        answers["outcomes"] = ()
    first = answers["topics"][0] if answers["topics"] else ""
    answers["main_topic"] = reader.choice(raw, "main_topic", TOPICS, first)
    return answers
