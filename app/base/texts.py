"""The words of pages in the reader's language, each looked up once in a process: a page of figures has a hundred."""

from functools import lru_cache

from flask_babel import get_locale, get_translations


def text_of(source: str) -> str:
    """A source message in the language of this request, or in the one that a block of code speaks for now."""
    locale = get_locale()
    return _text(locale.language, locale.territory, source) if locale else source


def text_of_number(one: str, many: str, number: int) -> str:
    """The same for a message that depends on a number."""
    return str(get_translations().ungettext(one, many, number))


@lru_cache(maxsize=20_000)
def _text(language: str, territory: str | None, source: str) -> str:
    return str(get_translations().ugettext(source))
