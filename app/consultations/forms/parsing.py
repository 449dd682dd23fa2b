"""Parses the JSON of a consultation, and reports every field that cannot be read."""

from dataclasses import replace
from datetime import date
from typing import Any

from app.consultations.forms.reader import TELEMETRY, ConsultationReader
from app.consultations.rules.consultation_data import ATTACHED, ConsultationData, ParsedConsultation
from app.consultations.vocabulary import (
    CHANNELS,
    DECLINED,
    FLAGS_A,
    MODALITIES,
    OUTCOMES,
    TOPICS,
    TRAVEL_GROUPS,
)
from app.people.rules.card_codes import parse_card_code

TALLY_FIELDS = frozenset({"id", "desk", "held_on", "outcomes"})
FIELDS = TALLY_FIELDS | {
    "device", *TELEMETRY,
    "channel", "modality", "travel_group", "language", "card",
    "groups", "topics", "main_topic", "flags",
}  # fmt: skip

TALLY_ONLY = FIELDS - TALLY_FIELDS
PLACEHOLDER_DAY = date(1900, 1, 1)
"""Stands for a day that could not be read; no rule is applied to it."""


def parse_consultation(
    raw: dict[str, Any], extra_fields: frozenset[str] = frozenset()
) -> ParsedConsultation:
    """Parse a consultation's JSON; `extra_fields` are allowed fields that the caller reads itself."""
    reader = ConsultationReader(raw)
    reader.refuse_unknown_fields(raw, FIELDS | extra_fields, "")
    held_on = reader.day()
    answers = ConsultationData(reader.uuid(), reader.desk(), held_on or PLACEHOLDER_DAY)
    if raw.get("outcomes") == [DECLINED]:
        for name in sorted(raw.keys() & TALLY_ONLY):
            reader.add_error(name, "only_a_tally")
    else:
        answers = replace(answers, **_answers(reader, raw))
    card = None if answers.is_tally else _card(reader, raw.get("card"), extra_fields)
    telemetry = reader.telemetry()
    return ParsedConsultation(answers, tuple(reader.errors), held_on, telemetry, card)


def _card(reader: ConsultationReader, value: Any, extra_fields: frozenset[str]) -> str | None:
    if value in (None, "") or (value == ATTACHED and extra_fields):
        return value or None
    code = parse_card_code(value) if isinstance(value, str) else None
    if code is None:
        reader.add_error("card", "card_mistyped")
    return code


def _answers(reader: ConsultationReader, raw: dict[str, Any]) -> dict[str, Any]:
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
        reader.add_error("outcomes", "only_a_tally")
        answers["outcomes"] = ()
    first = answers["topics"][0] if answers["topics"] else ""
    answers["main_topic"] = reader.choice(raw, "main_topic", TOPICS, first)
    return answers
