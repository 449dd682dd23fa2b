"""The six languages: which one a reader gets, and names, numbers and dates as written at the reader's desk."""

import tomllib
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError, dates, numbers
from flask import current_app, g, has_request_context, request
from flask_babel import Babel, gettext
from flask_login import current_user

from app.codelists.shared_codelists import SPECIAL_NATIONALITIES, countries_of_the_world, languages
from app.month import Month

babel = Babel()
LOCALES = {
    "es": "Español",
    "en": "English",
    "fr": "Français",
    "ht": "Kreyòl ayisyen",
    "nl": "Nederlands",
    "pt": "Português",
}
COOKIE = "locale"
NAMES = tomllib.loads((Path(__file__).parent / "country_names.toml").read_text("utf-8"))


def choose() -> str:
    """The reader's language: chosen on this device, else the device's own, else the account's, else the default.

    A command has no reader and speaks the default.
    """
    if not has_request_context():
        return str(current_app.config["BABEL_DEFAULT_LOCALE"])
    chosen = request.cookies.get(COOKIE)
    if chosen in LOCALES:
        return str(chosen)
    offered = request.accept_languages.best_match(list(LOCALES))
    if offered:
        return offered
    if current_user.is_authenticated:
        return str(current_user.locale)
    return str(current_app.config["BABEL_DEFAULT_LOCALE"])


def switch(locale: str) -> None:
    """Answers the rest of this request in another language."""
    g.locale = locale
    g.pop("written_as", None)
    from flask_babel import refresh

    refresh()


def selected() -> str:
    """The language of this request, one of LOCALES."""
    if "locale" not in g:
        g.locale = choose()
    return str(g.locale)


@cache
def _locale(code: str) -> Locale:
    return Locale.parse(code)


def _written_as() -> tuple[Locale, Locale]:
    """How numbers are written for this request's reader, and how days are, in the country of the desk where known."""
    try:
        return g.written_as  # type: ignore[no-any-return]
    except AttributeError:
        scope = getattr(current_user, "scope", None)
        numbers_as = _locale(scope.number_locale if scope and scope.number_locale else selected())
        g.written_as = numbers_as, _known(selected(), numbers_as.territory)
        return g.written_as  # type: ignore[no-any-return]


@cache
def _known(language: str, territory: str | None) -> Locale:
    try:
        return Locale.parse(f"{language}_{territory}" if territory else language)
    except (ValueError, UnknownLocaleError):
        return Locale.parse(language)


def number(value: float) -> str:
    """A number with the separators of the reader's desk."""
    return _write(numbers.format_decimal, value, _written_as()[0])


def percent(share: float) -> str:
    """A share (0 to 1) as a whole percentage."""
    return _write(numbers.format_percent, round(share, 4), _written_as()[0])


def day(value: date) -> str:
    """A day, written short with its month's name."""
    return _write(dates.format_date, value, _written_as()[1], "d MMM y")


@lru_cache(maxsize=20_000)
def _write(how: Callable[..., str], value: Any, locale: Locale, *pattern: str) -> str:
    return str(how(value, *pattern, locale=locale))


def weekday(value: date) -> str:
    """A day with its weekday, written out."""
    return _write(dates.format_date, value, _written_as()[1], "EEEE d MMMM")


def month(value: Month) -> str:
    """A month and its year, written out."""
    return _write(dates.format_date, value.first_day, _written_as()[1], "MMMM y")


def short_month(value: Month) -> str:
    """A month's short name alone."""
    return _write(dates.format_date, value.first_day, _written_as()[1], "LLL")


def time(moment: datetime, time_zone: str) -> str:
    """The time of day of a moment in a time zone."""
    return str(dates.format_time(moment, "short", ZoneInfo(time_zone), locale=_written_as()[1]))


def moment(value: datetime | str, time_zone: str) -> str:
    """Day and time of a moment (or its ISO text) in a time zone."""
    value = datetime.fromisoformat(value) if isinstance(value, str) else value
    return str(
        dates.format_datetime(value, "d MMM y, HH:mm", ZoneInfo(time_zone), locale=_written_as()[1])
    )


def country(code: str) -> str:
    """The name of a country or nationality code."""
    if code in SPECIAL_NATIONALITIES:
        return str(gettext(SPECIAL_NATIONALITIES[code].label))
    return _country(code, selected())


@cache
def _country(code: str, reader: str) -> str:
    alpha2 = countries_of_the_world().get(code, "")
    fallback = _locale("fr" if reader == "ht" else "en").territories.get(alpha2)
    return str(
        NAMES.get(reader, {}).get(code)
        or _locale(reader).territories.get(alpha2)
        or fallback
        or code
    )


def language(code: str) -> str:
    """The name of a spoken language (ISO 639-3)."""
    return _language(code, selected())


@cache
def _language(code: str, reader: str) -> str:
    alpha2, spanish = languages()[code]
    return str(_locale(reader).languages.get(alpha2 or code) or spanish)


@cache
def world(reader: str) -> list[tuple[str, str]]:
    """Every country of the world with its name in the reader's language, by name."""
    return sorted(
        ((code, _country(code, reader)) for code in countries_of_the_world()), key=_by_name
    )


@cache
def spoken(reader: str) -> list[tuple[str, str]]:
    """Every language met at desks with its name in the reader's language, by name."""
    return sorted(((code, _language(code, reader)) for code in languages()), key=_by_name)


def _by_name(pair: tuple[str, str]) -> str:
    plain = unicodedata.normalize("NFKD", pair[1].casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign))
