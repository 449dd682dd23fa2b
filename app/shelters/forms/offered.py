"""What the page of a shelter offers to choose from, and how it writes what stands stored."""

from collections.abc import Callable, Collection
from datetime import date
from typing import Any

from flask_babel import gettext

from app.codelists.codelist import Terms
from app.codelists.shared_codelists import SEXES
from app.i18n.language import day, language, selected, spoken
from app.places.vocabulary import areas, programme
from app.shelters.forms.shelter import KEPT, ShelterForm
from app.shelters.queries.shelters import ShelterRow
from app.shelters.vocabulary import BED_CATEGORIES, BED_REASONS, SHELTER_TYPES

NOT_ADMITTED_BY = "not_stated"
"""Nobody is turned away because the own sex was not said: it is no box to tick."""


def choices(chosen: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """The pairs of code and label of every list on the page; `more_spoken` are languages neither usual nor chosen."""
    sexes = [(code, label) for code, label in _pairs(SEXES) if code != NOT_ADMITTED_BY]
    usual = {code for country in programme().values() for code in country.languages} | set(chosen)
    every = spoken(selected())
    return {
        "types": [("", gettext("Choose a type")), *_pairs(SHELTER_TYPES)],
        "sexes": sexes,
        "spoken": [(code, name) for code, name in every if code in usual],
        "more_spoken": [(code, name) for code, name in every if code not in usual],
        "categories": [("", gettext("Choose a kind of bed")), *_pairs(BED_CATEGORIES)],
        "reasons": [("", gettext("There are places for everybody")), *_pairs(BED_REASONS)],
    }


def _pairs(terms: Terms) -> list[tuple[str, str]]:
    return [(term.code, str(gettext(term.label))) for term in terms]


def stored_now(form: ShelterForm, shelter: ShelterRow) -> dict[str, str]:
    """What stands stored where it differs from what was typed, one sentence a field."""
    differing = [name for name in KEPT if _plain(form[name].data) != _plain(getattr(shelter, name))]
    said = {name: _said(name, getattr(shelter, name)) for name in differing}
    return {name: gettext("Stored now: %(value)s", value=value) for name, value in said.items()}


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, (list, tuple)) else value or None


def _said(name: str, value: Any) -> str:
    if value in (None, "", ()):
        return "–"
    if name in WRITTEN:
        return WRITTEN[name](value)
    if isinstance(value, bool):
        return str(gettext("Yes") if value else gettext("No"))
    return day(value) if isinstance(value, date) else str(value)


WRITTEN: dict[str, Callable[[Any], str]] = {
    "type": lambda code: str(gettext(SHELTER_TYPES[code].label)),
    "adm1": lambda code: areas()[code].name,
    "languages": lambda codes: ", ".join(language(code) for code in codes),
    "sexes": lambda codes: ", ".join(str(gettext(SEXES[code].label)) for code in codes),
}
