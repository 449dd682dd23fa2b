"""Texts of a slip, in Spanish and in the language of the person who carries it: nothing about their identity."""

from dataclasses import dataclass
from datetime import datetime

from babel import Locale, dates
from flask_babel import force_locale, gettext, ngettext

from app import clock
from app.codelists.shared_codelists import languages
from app.i18n.language import LOCALES
from app.shelters.queries.shelters import PublicShelter

SPANISH = "es"


@dataclass(frozen=True)
class SlipValidity:
    """Until when a slip is valid, in the time zone of the shelter, and whether beds are held until then."""

    until: datetime
    time_zone: str
    is_held: bool


@dataclass(frozen=True)
class SlipColumn:
    """The texts of a slip in one language."""

    locale: str
    reserved: str
    people: str
    hours: str
    until: str
    show_code: str
    no_name: str


def catalogue_locale(code: str) -> str:
    """Return the locale (of LOCALES) that prints a spoken language (ISO 639-3): Spanish if no other does."""
    alpha2, _ = languages().get(code, ("", ""))
    return alpha2 if alpha2 in LOCALES else SPANISH


def printable_languages(chosen: str) -> list[str]:
    """Return the languages (ISO 639-3) that a slip can be printed in, and the chosen one if it is not among them."""
    printable = [code for code, (alpha2, _) in languages().items() if alpha2 in LOCALES]
    return printable if chosen in printable or not chosen else [*printable, chosen]


def slip_columns(
    spoken: str, shelter: PublicShelter, n: int, validity: SlipValidity
) -> list[SlipColumn]:
    """Return the texts for n people in Spanish and, if it is printed in another locale, in the spoken language."""
    return [
        _column(locale, shelter, n, validity)
        for locale in dict.fromkeys((SPANISH, catalogue_locale(spoken)))
    ]


def _column(locale: str, shelter: PublicShelter, n: int, validity: SlipValidity) -> SlipColumn:
    moment = _format_moment(validity, locale)
    with force_locale(locale):
        until_held = gettext("Places held until %(moment)s", moment=moment)
        until_answered = gettext(
            "Not confirmed yet: answer awaited until %(moment)s", moment=moment
        )
        return SlipColumn(
            locale,
            gettext("Reserved shelter"),
            ngettext("%(num)s person", "%(num)s people", n),
            _hours(shelter),
            until_held if validity.is_held else until_answered,
            gettext("Show this code when you arrive."),
            gettext("This paper does not carry your name."),
        )


def _hours(shelter: PublicShelter) -> str:
    if not (shelter.opens_at and shelter.closes_at):
        return str(gettext("Open at any hour"))
    hours = {"first": shelter.opens_at, "last": shelter.closes_at}
    return str(gettext("Open from %(first)s to %(last)s", **hours))


def _format_moment(validity: SlipValidity, locale: str) -> str:
    zone, parsed = clock.zone(validity.time_zone), Locale.parse(locale)
    return str(dates.format_datetime(validity.until, "EEE d MMM, HH:mm", zone, locale=parsed))
