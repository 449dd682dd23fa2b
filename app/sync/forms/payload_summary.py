"""The payload of an envelope in words, as far as it can be read; values that are no known codes appear as sent."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask_babel import gettext

from app.codelists.codelist import Codelist
from app.codelists.shared_codelists import (
    AGE_BANDS,
    REPEAT_CONTACTS,
    SEXES,
    SITUATIONS,
    nationalities,
)
from app.consultations.forms.labels import LabelledAnswer
from app.consultations.vocabulary import (
    CHANGE_REASONS,
    CHANNELS,
    FLAGS_A,
    MODALITIES,
    OUTCOMES,
    TOPICS,
    TRAVEL_GROUPS,
)
from app.i18n import language
from app.json_object import JsonObject
from app.sync.rules.envelope import Payload
from app.sync.vocabulary import CONSULTATION, VOID

MAX_GROUPS, MAX_VALUES = 8, 60
MAX_TEXT_LENGTH = 80
"""Characters that are shown of a text that is no known code."""


def describe_payload(payload: Payload) -> list[LabelledAnswer]:
    """Return question and answer in words, in the order of the form."""
    data = payload.data
    if payload.kind == VOID:
        return [
            (gettext("Desk"), payload.desk),
            (gettext("Why"), _label(CHANGE_REASONS, data.get("reason"))),
        ]
    first = [(gettext("Day"), _format_day(data.get("held_on"))), (gettext("Desk"), payload.desk)]
    if payload.kind != CONSULTATION:
        return [*first[1:], (gettext("People"), _describe_persons(data.get("persons")))]
    return [*first, *_describe_groups(data.get("groups")), *_describe_answers(data)]


def well_formed(data: JsonObject) -> JsonObject:
    """Return the answers without groups and persons of a wrong type, so that the consultation form can show them."""
    groups = data.get("groups")
    return {
        **data,
        "groups": [
            {**group, "persons": _dicts(group.get("persons"))}
            for group in _dicts(groups)[:MAX_GROUPS]
        ],
    }


def _dicts(values: Any) -> list[JsonObject]:
    return (
        [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
    )


def _describe_answers(data: JsonObject) -> Iterator[LabelledAnswer]:
    yield gettext("Topics"), _labels(TOPICS, data.get("topics"))
    yield gettext("Main topic"), _label(TOPICS, data.get("main_topic"))
    yield gettext("What did we do?"), _labels(OUTCOMES, data.get("outcomes"))
    yield gettext("Conditions"), _labels(FLAGS_A, data.get("flags"))
    yield gettext("Channel"), _label(CHANNELS, data.get("channel"))
    yield gettext("Modality"), _label(MODALITIES, data.get("modality"))
    yield gettext("Travelling"), _label(TRAVEL_GROUPS, data.get("travel_group"))
    yield gettext("Visitor card"), _quote(data.get("card"))


def _describe_groups(groups: Any) -> Iterator[LabelledAnswer]:
    for position, group in enumerate(groups[:MAX_GROUPS] if isinstance(groups, list) else ()):
        if isinstance(group, dict):
            name = gettext("Group {letter}").replace("{letter}", "ABCDEFGH"[position])
            yield name, _describe_group(group)


def _describe_group(group: JsonObject) -> str:
    code = group.get("nationality")
    is_nationality = isinstance(code, str) and code in nationalities()
    answers = (
        language.country_name(str(code)) if is_nationality else _quote(code),
        _label(SITUATIONS, group.get("situation")),
        _label(REPEAT_CONTACTS, group.get("repeat_contact")),
        _describe_persons(group.get("persons")),
    )
    return " · ".join(answers)


def _describe_persons(persons: Any) -> str:
    return ", ".join(
        f"{_quote(person.get('n'))} × {_label(SEXES, person.get('sex'))}"
        f" {_label(AGE_BANDS, person.get('age_band'))}"
        for person in _dicts(persons)[:MAX_VALUES]
    ) or _quote(None)


def _format_day(value: Any) -> str:
    try:
        return language.format_day(date.fromisoformat(str(value)))
    except ValueError:
        return _quote(value)


def _label(terms: Codelist, code: Any) -> str:
    return gettext(terms[code].label) if isinstance(code, str) and code in terms else _quote(code)


def _labels(terms: Codelist, codes: Any) -> str:
    values = codes if isinstance(codes, list) else [codes]
    return ", ".join(_label(terms, value) for value in values[:MAX_VALUES]) or _quote(None)


def _quote(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)[:MAX_TEXT_LENGTH]
    return "–" if value in (None, "", []) else f"“{str(value)[:MAX_TEXT_LENGTH]}”"
