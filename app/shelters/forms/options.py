"""The options of the lists on a shelter's page, and how the page shows stored values."""

from collections.abc import Callable, Collection
from datetime import date
from typing import Any

from flask_babel import gettext

from app.codelists.codelist import Codelist
from app.codelists.shared_codelists import SEXES
from app.i18n.language import current_locale, format_day, language_name, languages_by_name
from app.places.vocabulary import areas, programme
from app.shelters.forms.shelter import STORED_FIELDS, ShelterForm
from app.shelters.queries.shelters import ShelterRow
from app.shelters.vocabulary import BED_CATEGORIES, BED_REASONS, SHELTER_TYPES

# Nobody is turned away because their sex is not stated, so it is not an option.
NOT_OFFERED_SEX = "not_stated"


def form_options(chosen: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """Return the pairs of code and label of every list; `more_spoken` are languages neither usual nor chosen."""
    sexes = [(code, label) for code, label in _pairs(SEXES) if code != NOT_OFFERED_SEX]
    usual = {code for country in programme().values() for code in country.languages} | set(chosen)
    every = languages_by_name(current_locale())
    return {
        "types": [("", gettext("Choose a type")), *_pairs(SHELTER_TYPES)],
        "sexes": sexes,
        "spoken": [(code, name) for code, name in every if code in usual],
        "more_spoken": [(code, name) for code, name in every if code not in usual],
        "categories": [("", gettext("Choose a kind of bed")), *_pairs(BED_CATEGORIES)],
        "reasons": [("", gettext("There are places for everybody")), *_pairs(BED_REASONS)],
    }


def _pairs(terms: Codelist) -> list[tuple[str, str]]:
    return [(term.code, str(gettext(term.label))) for term in terms]


def stored_values(form: ShelterForm, shelter: ShelterRow) -> dict[str, str]:
    """Return a sentence with the stored value for every field that differs from what was typed."""
    stored = {name: getattr(shelter, name) for name in STORED_FIELDS}
    return {
        name: gettext("Stored now: %(value)s", value=_format(name, value))
        for name, value in stored.items()
        if _comparable(form[name].data) != _comparable(value)
    }


def _comparable(value: Any) -> Any:
    return sorted(value) if isinstance(value, (list, tuple)) else value or None


def _format(name: str, value: Any) -> str:
    if value in (None, "", ()):
        return "–"
    if name in FORMATTERS:
        return FORMATTERS[name](value)
    if isinstance(value, bool):
        return str(gettext("Yes") if value else gettext("No"))
    return format_day(value) if isinstance(value, date) else str(value)


FORMATTERS: dict[str, Callable[[Any], str]] = {
    "type": lambda code: str(gettext(SHELTER_TYPES[code].label)),
    "adm1": lambda code: areas()[code].name,
    "languages": lambda codes: ", ".join(language_name(code) for code in codes),
    "sexes": lambda codes: ", ".join(str(gettext(SEXES[code].label)) for code in codes),
}
