"""What a word in a sheet means: a code, or a label of any of the six languages."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from babel.support import NullTranslations, Translations
from flask import current_app

from app.codelists import shared_codelists
from app.codelists.codelist import Terms
from app.consultations import vocabulary
from app.i18n import language

AMBIGUOUS = ""
"""Stands for the meaning of a word that means two things."""
ASKING = " ¿?¡!:*"
BLANKS = re.compile(r"[\s_]+")
# Looked for only where blanks begin: from each blank anew, a long run of them would cost its square.
DASHES = re.compile(r"(?<!\s)\s*[‐-―−-]\s*")
LISTS: dict[str, tuple[Terms, Mapping[str, str]]] = {
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
"""Stands in some of our own labels, to say where a narrow page may break them."""


def normalise(text: str) -> str:
    """A word without what does not matter: case, accents, kinds of dashes, marks around it, double blanks."""
    folded = unicodedata.normalize("NFKD", text.casefold()).replace(SOFT_HYPHEN, "")
    bare = "".join(sign for sign in folded if not unicodedata.combining(sign))
    dashed = DASHES.sub("-", bare.replace("’", "'"))
    return BLANKS.sub(" ", dashed).strip(ASKING)


def codes_by_label(column: str) -> dict[str, str]:
    """The code of every word that a column takes; AMBIGUOUS where a word means two things."""
    return _meanings(column, _directory())


def codes_by_column_name(columns: Terms) -> dict[str, str]:
    """The code of every name that a column may have."""
    return _names(columns, _directory())


def _directory() -> str:
    return str(current_app.config["BABEL_TRANSLATION_DIRECTORIES"])


@cache
def _names(columns: Terms, directory: str) -> dict[str, str]:
    return _by_word(_labels(columns, {}, directory))


@cache
def _meanings(column: str, directory: str) -> dict[str, str]:
    if column == "language":
        return _by_word(_of_languages())
    if column == "nationality":
        special = _labels(shared_codelists.SPECIAL_NATIONALITIES, {}, directory)
        return _by_word([*_of_countries(), *special])
    terms, short = LISTS[column]
    return _by_word(_labels(terms, short, directory))


def _of_languages() -> Iterator[tuple[str, str]]:
    for code in shared_codelists.languages():
        yield code, code
    for reader in language.LOCALES:
        for code, name in language.spoken(reader):
            yield name, code


def _of_countries() -> Iterator[tuple[str, str]]:
    for reader in language.LOCALES:
        for code, name in language.world(reader):
            yield name, code
            yield code, code


def _labels(terms: Terms, short: Mapping[str, str], directory: str) -> Iterator[tuple[str, str]]:
    for reader in language.LOCALES:
        catalogue = catalogue_of(reader, directory)
        for term in terms:
            yield term.code, term.code
            yield catalogue.gettext(term.label), term.code
            if term.code in short:
                yield catalogue.gettext(short[term.code]), term.code


@cache
def catalogue_of(reader: str, directory: str) -> NullTranslations:
    """The catalogue of a language; without one, source messages stay as they are."""
    return Translations.load(directory, [reader])


def _by_word(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Codes by plain word; a word that is a code means that code, whatever it says in some language."""
    meant: dict[str, str] = {}
    pairs = list(pairs)
    for word, code in pairs:
        known = meant.setdefault(normalise(word), code)
        if known != code:
            meant[normalise(word)] = AMBIGUOUS
    return meant | {normalise(code): code for _, code in pairs}
