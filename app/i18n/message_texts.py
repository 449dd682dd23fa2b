"""The words of pages in the reader's language, each looked up once in a process: a page of figures has a hundred."""

from functools import lru_cache
from typing import Any

from flask import g, has_app_context
from flask_babel import get_locale, get_translations
from markupsafe import Markup


def text_of(source: str) -> str:
    """A source message in the language of this request, or in the one that a block of code speaks for now."""
    locale = _speaking()
    return _text(locale.language, locale.territory, source) if locale else source


def marked_text(source: str, **variables: Any) -> Markup:
    """The same for a template: with its variables, escaped."""
    locale = _speaking()
    if variables:
        return Markup(_text(locale.language, locale.territory, source)) % variables  # noqa: S704 - our own catalogues
    return _marked(locale.language, locale.territory, source)


def text_of_number(one: str, many: str, number: int) -> str:
    """The same for a message that depends on a number."""
    return str(get_translations().ungettext(one, many, number))


def _speaking() -> Any:
    """What get_locale answers, without its five microseconds once it has answered in this request."""
    if not has_app_context():
        return None
    kept = getattr(g._get_current_object(), "_flask_babel", None)
    return getattr(kept, "babel_locale", None) or get_locale()


@lru_cache(maxsize=20_000)
def _text(language: str, territory: str | None, source: str) -> str:
    return str(get_translations().ugettext(source))


@lru_cache(maxsize=20_000)
def _marked(language: str, territory: str | None, source: str) -> Markup:
    return Markup(_text(language, territory, source)) % {}  # noqa: S704 - our own catalogues
