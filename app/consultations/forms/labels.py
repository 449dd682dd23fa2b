"""Labels of a consultation's data, for its page, its earlier versions and the comparison of two versions."""

from datetime import date

from flask_babel import gettext

from app.codelists.codelist import Codelist
from app.codelists.shared_codelists import AGE_BANDS, REPEAT_CONTACTS, SEXES, SITUATIONS
from app.consultations.vocabulary import (
    CHANNELS,
    FLAGS_A,
    MODALITIES,
    OUTCOMES,
    TOPICS,
    TRAVEL_GROUPS,
)
from app.i18n import language
from app.json_object import JsonObject

LabelledAnswer = tuple[str, str]
"""The label of a field and the label of its value."""


def describe(data: JsonObject) -> list[LabelledAnswer]:
    """Return the labelled answers of the data (the JSON of consultation_data.as_json), in the order of the page."""
    lines = [
        (gettext("Day"), language.format_day(date.fromisoformat(data["held_on"]))),
        (gettext("Desk"), data["desk"]),
    ]
    lines += [_group_line(index, group) for index, group in enumerate(data.get("groups", ()))]
    if "topics" in data:
        lines += _answers(data)
    return [*lines, (gettext("What did we do?"), _labels(OUTCOMES, data["outcomes"]))]


def _answers(data: JsonObject) -> list[LabelledAnswer]:
    return [
        (gettext("Topics"), _labels(TOPICS, data["topics"])),
        (gettext("Main topic"), _label(TOPICS, data["main_topic"])),
        (gettext("Conditions"), _labels(FLAGS_A, data["flags"])),
        (gettext("Channel"), _label(CHANNELS, data["channel"])),
        (gettext("Modality"), _label(MODALITIES, data["modality"])),
        (gettext("Language spoken"), language.language_name(data["language"])),
        (gettext("Travelling"), _label(TRAVEL_GROUPS, data["travel_group"])),
        (gettext("Visitor card"), gettext("Attached") if data.get("card") else "–"),
    ]


def _group_line(index: int, group: JsonObject) -> LabelledAnswer:
    people = ", ".join(
        f"{count['n']} × {_label(SEXES, count['sex'])} {_label(AGE_BANDS, count['age_band'])}"
        for count in group["persons"]
    )
    labels = (
        language.country_name(group["nationality"]),
        _label(SITUATIONS, group["situation"]),
        _label(REPEAT_CONTACTS, group["repeat_contact"]),
        people,
    )
    name = "ABCDEFGH"[index]
    return gettext("Group {letter}").replace("{letter}", name), " · ".join(labels)


def _label(codelist: Codelist, code: str) -> str:
    return str(gettext(codelist[code].label))


def _labels(codelist: Codelist, codes: list[str]) -> str:
    return ", ".join(_label(codelist, code) for code in codes) or "–"


def differences(yours: JsonObject, theirs: JsonObject) -> list[tuple[str, str, str]]:
    """Return the answers in which two versions differ: label, your answer, theirs."""
    mine, others = dict(describe(yours)), dict(describe(theirs))
    names = list(dict.fromkeys((*mine, *others)))
    return [
        (name, mine.get(name, "–"), others.get(name, "–"))
        for name in names
        if mine.get(name) != others.get(name)
    ]


def select_options(codelist: Codelist) -> list[tuple[str, str]]:
    """Return the pairs of code and label of a codelist, for a select."""
    return [(term.code, gettext(term.label)) for term in codelist]
