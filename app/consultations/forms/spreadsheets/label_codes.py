"""The codes of the words in a spreadsheet: a word is a code or a label in any of the six languages."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from babel.support import NullTranslations, Translations
from flask import current_app

from app.codelists import shared_codelists
from app.codelists.codelist import Codelist
from app.consultations import vocabulary
from app.i18n import language

AMBIGUOUS = ""
"""Stands for the code of a word with two meanings."""
SURROUNDING_MARKS = " ¿?¡!:*"
SPACES = re.compile(r"[\s_]+")
# The lookbehind tries a run of spaces only at its start: a try at each space would take quadratic time.
DASHES = re.compile(r"(?<!\s)\s*[‐-―−-]\s*")
CODELISTS: dict[str, tuple[Codelist, Mapping[str, str]]] = {
    "channel": (vocabulary.CHANNELS, {}),
    "modality": (vocabulary.MODALITIES, {}),
    "travel_group": (vocabulary.TRAVEL_GROUPS, {}),
    "situation": (shared_codelists.SITUATIONS, {}),
    "repeat_contact": (shared_codelists.REPEAT_CONTACTS, {}),
    "sex": (shared_codelists.SEXES, shared_codelists.SHORT_SEXES),
    "age_band": (shared_codelists.AGE_BANDS, shared_codelists.SHORT_AGES),
    "topics": (vocabulary.TOPICS, vocabulary.SHORT_TOPICS),
    "main_topic": (vocabulary.TOPICS, vocabulary.SHORT_TOPICS),
    "outcomes": (vocabulary.OUTCOMES, {}),
    "flags": (vocabulary.FLAGS_A, {}),
}

SOFT_HYPHEN = "\u00ad"
"""Marks in some of our own labels the place of a line break on a narrow page."""


def normalise(text: str) -> str:
    """Return a word without case, accents, kinds of dashes, surrounding marks and double spaces."""
    folded = unicodedata.normalize("NFKD", text.casefold()).replace(SOFT_HYPHEN, "")
    bare = "".join(char for char in folded if not unicodedata.combining(char))
    dashed = DASHES.sub("-", bare.replace("’", "'"))
    return SPACES.sub(" ", dashed).strip(SURROUNDING_MARKS)


def codes_by_label(column: str) -> dict[str, str]:
    """Return the code of every word that a column accepts, AMBIGUOUS if a word has two meanings."""
    return _codes_by_label(column, _directory())


def codes_by_column_name(columns: Codelist) -> dict[str, str]:
    """Return the code of every name that a column may have."""
    return _codes_by_name(columns, _directory())


def _directory() -> str:
    return str(current_app.config["BABEL_TRANSLATION_DIRECTORIES"])


@cache
def _codes_by_name(columns: Codelist, directory: str) -> dict[str, str]:
    return _by_word(_labels(columns, {}, directory))


@cache
def _codes_by_label(column: str, directory: str) -> dict[str, str]:
    if column == "language":
        return _by_word(_language_names())
    if column == "nationality":
        special = _labels(shared_codelists.SPECIAL_NATIONALITIES, {}, directory)
        return _by_word([*_country_names(), *special])
    codelist, short = CODELISTS[column]
    return _by_word(_labels(codelist, short, directory))


def _language_names() -> Iterator[tuple[str, str]]:
    for code in shared_codelists.languages():
        yield code, code
    for locale in language.LOCALES:
        for code, name in language.languages_by_name(locale):
            yield name, code


def _country_names() -> Iterator[tuple[str, str]]:
    for locale in language.LOCALES:
        for code, name in language.countries_by_name(locale):
            yield name, code
            yield code, code


def _labels(
    codelist: Codelist, short: Mapping[str, str], directory: str
) -> Iterator[tuple[str, str]]:
    for locale in language.LOCALES:
        catalogue = catalogue_of(locale, directory)
        for term in codelist:
            yield term.code, term.code
            yield catalogue.gettext(term.label), term.code
            if term.code in short:
                yield catalogue.gettext(short[term.code]), term.code


@cache
def catalogue_of(locale: str, directory: str) -> NullTranslations:
    """Return the catalogue of a language; without one, source messages stay as they are."""
    return Translations.load(directory, [locale])


def _by_word(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return codes by normalised word; a word that is a code means that code, also if it is a label of another one."""
    codes: dict[str, str] = {}
    pairs = list(pairs)
    for word, code in pairs:
        first = codes.setdefault(normalise(word), code)
        if first != code:
            codes[normalise(word)] = AMBIGUOUS
    return codes | {normalise(code): code for _, code in pairs}
