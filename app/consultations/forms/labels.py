"""Says a consultation's content in words, for the record's page, its trail and two versions side by side."""

from datetime import date
from typing import Any

from flask_babel import gettext

from app.codelists.codelist import Terms
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

LabelledAnswer = tuple[str, str]
"""What is answered, and the answer in words."""


def describe(said: dict[str, Any]) -> list[LabelledAnswer]:
    """The lines of a content (as of rules.content.as_json), in the order of the page."""
    lines = [
        (gettext("Day"), language.day(date.fromisoformat(said["held_on"]))),
        (gettext("Desk"), said["desk"]),
    ]
    lines += [_group_line(place, group) for place, group in enumerate(said.get("groups", ()))]
    if "topics" in said:
        lines += _answers(said)
    return [*lines, (gettext("What did we do?"), _list(OUTCOMES, said["outcomes"]))]


def _answers(said: dict[str, Any]) -> list[LabelledAnswer]:
    return [
        (gettext("Topics"), _list(TOPICS, said["topics"])),
        (gettext("Main topic"), _one(TOPICS, said["main_topic"])),
        (gettext("Conditions"), _list(FLAGS_A, said["flags"])),
        (gettext("Channel"), _one(CHANNELS, said["channel"])),
        (gettext("Modality"), _one(MODALITIES, said["modality"])),
        (gettext("Language spoken"), language.language(said["language"])),
        (gettext("Travelling"), _one(TRAVEL_GROUPS, said["travel_group"])),
        (gettext("Visitor card"), gettext("Attached") if said.get("card") else "–"),
    ]


def _group_line(place: int, group: dict[str, Any]) -> LabelledAnswer:
    people = ", ".join(
        f"{some['n']} × {_one(SEXES, some['sex'])} {_one(AGE_BANDS, some['age_band'])}"
        for some in group["persons"]
    )
    said = (
        language.country(group["nationality"]),
        _one(SITUATIONS, group["situation"]),
        _one(REPEAT_CONTACTS, group["repeat_contact"]),
        people,
    )
    letter = "ABCDEFGH"[place]
    return gettext("Group {letter}").replace("{letter}", letter), " · ".join(said)


def _one(terms: Terms, code: str) -> str:
    return str(gettext(terms[code].label))


def _list(terms: Terms, codes: list[str]) -> str:
    return ", ".join(_one(terms, code) for code in codes) or "–"


def differences(yours: dict[str, Any], theirs: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The lines in which two contents differ: what is answered, your answer, theirs."""
    mine, others = dict(describe(yours)), dict(describe(theirs))
    names = list(dict.fromkeys((*mine, *others)))
    return [
        (name, mine.get(name, "–"), others.get(name, "–"))
        for name in names
        if mine.get(name) != others.get(name)
    ]


def select_options(terms: Terms) -> list[tuple[str, str]]:
    """Code and label of a list, for a select."""
    return [(term.code, gettext(term.label)) for term in terms]
