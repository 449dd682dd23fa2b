"""Says what was inside of an envelope in words, as far as it can be read; what is no code of ours is shown as sent."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask_babel import gettext

from app.codelists.codelist import Terms
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
from app.sync.rules.envelope import Payload
from app.sync.vocabulary import CONSULTATION, VOID

MAX_TEXT_LENGTH = 80
"""So many signs of a text that is no code are shown."""


def summary_lines(opened: Payload) -> list[LabelledAnswer]:
    """What is answered, and the answer in words, in the order of the page."""
    said = opened.data
    if opened.kind == VOID:
        return [
            (gettext("Desk"), opened.desk),
            (gettext("Why"), _one(CHANGE_REASONS, said.get("reason"))),
        ]
    first = [(gettext("Day"), _day(said.get("held_on"))), (gettext("Desk"), opened.desk)]
    if opened.kind != CONSULTATION:
        return [*first[1:], (gettext("People"), _people(said.get("persons")))]
    return [*first, *_groups(said.get("groups")), *_answers(said)]


def drawable(said: dict[str, Any]) -> dict[str, Any]:
    """The answers with nothing but what the consultation's page can draw, whatever was sent."""
    groups = said.get("groups")
    own = [one for one in groups if isinstance(one, dict)] if isinstance(groups, list) else []
    return {**said, "groups": [{**one, "persons": _persons(one.get("persons"))} for one in own[:8]]}


def _persons(persons: Any) -> list[dict[str, Any]]:
    return [one for one in persons if isinstance(one, dict)] if isinstance(persons, list) else []


def _answers(said: dict[str, Any]) -> Iterator[LabelledAnswer]:
    yield gettext("Topics"), _list(TOPICS, said.get("topics"))
    yield gettext("Main topic"), _one(TOPICS, said.get("main_topic"))
    yield gettext("What did we do?"), _list(OUTCOMES, said.get("outcomes"))
    yield gettext("Conditions"), _list(FLAGS_A, said.get("flags"))
    yield gettext("Channel"), _one(CHANNELS, said.get("channel"))
    yield gettext("Modality"), _one(MODALITIES, said.get("modality"))
    yield gettext("Travelling"), _one(TRAVEL_GROUPS, said.get("travel_group"))
    yield gettext("Visitor card"), _plain(said.get("card"))


def _groups(groups: Any) -> Iterator[LabelledAnswer]:
    for place, group in enumerate(groups[:8] if isinstance(groups, list) else ()):
        if isinstance(group, dict):
            yield gettext("Group {letter}").replace("{letter}", "ABCDEFGH"[place]), _group(group)


def _group(group: dict[str, Any]) -> str:
    nation = group.get("nationality")
    known = isinstance(nation, str) and nation in nationalities()
    answers = (
        language.country(str(nation)) if known else _plain(nation),
        _one(SITUATIONS, group.get("situation")),
        _one(REPEAT_CONTACTS, group.get("repeat_contact")),
        _people(group.get("persons")),
    )
    return " · ".join(answers)


def _people(persons: Any) -> str:
    some = _persons(persons)
    return ", ".join(
        f"{_plain(one.get('n'))} × {_one(SEXES, one.get('sex'))} {_one(AGE_BANDS, one.get('age_band'))}"
        for one in some[:60]
    ) or _plain(None)


def _day(value: Any) -> str:
    try:
        return language.day(date.fromisoformat(str(value)))
    except ValueError:
        return _plain(value)


def _one(terms: Terms, code: Any) -> str:
    return gettext(terms[code].label) if isinstance(code, str) and code in terms else _plain(code)


def _list(terms: Terms, codes: Any) -> str:
    some = codes if isinstance(codes, list) else [codes]
    return ", ".join(_one(terms, code) for code in some[:60]) or _plain(None)


def _plain(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)[:MAX_TEXT_LENGTH]
    return "–" if value in (None, "", []) else f"“{str(value)[:MAX_TEXT_LENGTH]}”"
