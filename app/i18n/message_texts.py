"""Translations, cached per process: a page of figures looks up a hundred."""

from functools import lru_cache
from typing import Any

from flask import g, has_app_context
from flask_babel import get_locale, get_translations
from markupsafe import Markup


def translate(source: str) -> str:
    """Return a source message in the current locale; unchanged outside of an app context."""
    locale = _active_locale()
    return _text(locale.language, locale.territory, source) if locale else source


def translate_markup(source: str, **variables: Any) -> Markup:
    """Return a translated message for a template, its variables inserted and escaped."""
    locale = _active_locale()
    if variables:
        return Markup(_text(locale.language, locale.territory, source)) % variables  # noqa: S704 - our own catalogues
    return _marked(locale.language, locale.territory, source)


def translate_plural(singular: str, plural: str, number: int) -> str:
    """Return a translated message in the plural form of a number."""
    return str(get_translations().ungettext(singular, plural, number))


def _active_locale() -> Any:
    """Return the result of flask_babel.get_locale, but faster once it is set in this request (5 µs less)."""
    if not has_app_context():
        return None
    state = getattr(g._get_current_object(), "_flask_babel", None)
    return getattr(state, "babel_locale", None) or get_locale()


@lru_cache(maxsize=20_000)
def _text(language: str, territory: str | None, source: str) -> str:
    return str(get_translations().ugettext(source))


@lru_cache(maxsize=20_000)
def _marked(language: str, territory: str | None, source: str) -> Markup:
    return Markup(_text(language, territory, source)) % {}  # noqa: S704 - our own catalogues
