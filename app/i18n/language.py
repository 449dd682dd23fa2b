"""The six languages: the choice of one, and names, numbers and dates in the formats of the reader's country."""

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

from app.codelists.shared_codelists import SPECIAL_NATIONALITIES, languages, world_countries
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
LOCALE_COOKIE = "locale"
COUNTRY_NAMES = tomllib.loads((Path(__file__).parent / "country_names.toml").read_text("utf-8"))


def choose_locale() -> str:
    """Return the reader's language; commands get the default.

    The order is: cookie of the device, Accept-Language, account, default.
    """
    if not has_request_context():
        return str(current_app.config["BABEL_DEFAULT_LOCALE"])
    chosen = request.cookies.get(LOCALE_COOKIE)
    if chosen in LOCALES:
        return str(chosen)
    offered = request.accept_languages.best_match(list(LOCALES))
    if offered:
        return offered
    if current_user.is_authenticated:
        return str(current_user.locale)
    return str(current_app.config["BABEL_DEFAULT_LOCALE"])


def switch_locale(locale: str) -> None:
    """Use another language for the rest of this request."""
    g.locale = locale
    g.pop("format_locales", None)
    from flask_babel import refresh

    refresh()


def current_locale() -> str:
    """Return the language of this request, one of LOCALES."""
    if "locale" not in g:
        g.locale = choose_locale()
    return str(g.locale)


@cache
def _locale(code: str) -> Locale:
    return Locale.parse(code)


def _format_locales() -> tuple[Locale, Locale]:
    """Return the locales for numbers and for dates: those of the country of the reader's desk if it is known."""
    try:
        return g.format_locales  # type: ignore[no-any-return]
    except AttributeError:
        scope = getattr(current_user, "scope", None)
        number_locale = _locale(
            scope.number_locale if scope and scope.number_locale else current_locale()
        )
        g.format_locales = (
            number_locale,
            _locale_with_territory(current_locale(), number_locale.territory),
        )
        return g.format_locales  # type: ignore[no-any-return]


@cache
def _locale_with_territory(language: str, territory: str | None) -> Locale:
    try:
        return Locale.parse(f"{language}_{territory}" if territory else language)
    except (ValueError, UnknownLocaleError):
        return Locale.parse(language)


def format_number(value: float) -> str:
    """Return a number with the separators of the reader's country."""
    return _write(numbers.format_decimal, value, _format_locales()[0])


def format_percent(share: float) -> str:
    """Return a share (0 to 1) as a whole percentage."""
    return _write(numbers.format_percent, round(share, 4), _format_locales()[0])


def format_day(value: date) -> str:
    """Return a day with the short name of its month, such as `5 mar 2026`."""
    return _write(dates.format_date, value, _format_locales()[1], "d MMM y")


@lru_cache(maxsize=20_000)
def _write(formatter: Callable[..., str], value: Any, locale: Locale, *pattern: str) -> str:
    return str(formatter(value, *pattern, locale=locale))


def format_weekday(value: date) -> str:
    """Return a day with its weekday and the full name of its month."""
    return _write(dates.format_date, value, _format_locales()[1], "EEEE d MMMM")


def format_month(value: Month) -> str:
    """Return the full name of a month and its year."""
    return _write(dates.format_date, value.first_day, _format_locales()[1], "MMMM y")


def format_short_month(value: Month) -> str:
    """Return the short name of a month."""
    return _write(dates.format_date, value.first_day, _format_locales()[1], "LLL")


def format_time(moment: datetime, time_zone: str) -> str:
    """Return the time of day of a moment in a time zone."""
    return str(dates.format_time(moment, "short", ZoneInfo(time_zone), locale=_format_locales()[1]))


def format_moment(value: datetime | str, time_zone: str) -> str:
    """Return day and time of a moment (or its ISO text) in a time zone."""
    value = datetime.fromisoformat(value) if isinstance(value, str) else value
    return str(
        dates.format_datetime(
            value, "d MMM y, HH:mm", ZoneInfo(time_zone), locale=_format_locales()[1]
        )
    )


def country_name(code: str) -> str:
    """Return the name of a country or nationality by its code."""
    if code in SPECIAL_NATIONALITIES:
        return str(gettext(SPECIAL_NATIONALITIES[code].label))
    return _country(code, current_locale())


@cache
def _country(code: str, reader: str) -> str:
    alpha2 = world_countries().get(code, "")
    fallback = _locale("fr" if reader == "ht" else "en").territories.get(alpha2)
    return str(
        COUNTRY_NAMES.get(reader, {}).get(code)
        or _locale(reader).territories.get(alpha2)
        or fallback
        or code
    )


def language_name(code: str) -> str:
    """Return the name of a spoken language by its ISO 639-3 code."""
    return _language(code, current_locale())


@cache
def _language(code: str, reader: str) -> str:
    alpha2, spanish = languages()[code]
    return str(_locale(reader).languages.get(alpha2 or code) or spanish)


@cache
def countries_by_name(reader: str) -> list[tuple[str, str]]:
    """Return (code, name) of every country of the world in the reader's language, sorted by name."""
    return sorted(((code, _country(code, reader)) for code in world_countries()), key=_by_name)


@cache
def languages_by_name(reader: str) -> list[tuple[str, str]]:
    """Return (code, name) of every language spoken at desks in the reader's language, sorted by name."""
    return sorted(((code, _language(code, reader)) for code in languages()), key=_by_name)


def _by_name(pair: tuple[str, str]) -> str:
    plain = unicodedata.normalize("NFKD", pair[1].casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))
