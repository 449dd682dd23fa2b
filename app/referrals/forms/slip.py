"""What a slip says, in Spanish and in the language of who carries it: nothing about who they are."""

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
class SlipColumn:
    """The sentences of a slip in one language."""

    locale: str
    reserved: str
    people: str
    hours: str
    until: str
    show_code: str
    no_name: str


def catalogue_locale(code: str) -> str:
    """The language (of LOCALES) that a spoken one (ISO 639-3) is printed in: Spanish where there is none."""
    alpha2, _ = languages().get(code, ("", ""))
    return alpha2 if alpha2 in LOCALES else SPANISH


def printable_languages(chosen: str) -> list[str]:
    """The languages (ISO 639-3) that a slip can be printed in, and the one chosen where it is another."""
    printed = [code for code, (alpha2, _) in languages().items() if alpha2 in LOCALES]
    return printed if chosen in printed or not chosen else [*printed, chosen]


def slip_columns(
    spoken: str, shelter: PublicShelter, n: int, until: tuple[datetime, str, bool]
) -> list[SlipColumn]:
    """The sentences in Spanish and the other language; `until` is a moment, its zone, and whether places are held."""
    return [
        _column(locale, shelter, n, until)
        for locale in dict.fromkeys((SPANISH, catalogue_locale(spoken)))
    ]


def _column(
    locale: str, shelter: PublicShelter, n: int, until: tuple[datetime, str, bool]
) -> SlipColumn:
    moment, time_zone, is_held = until
    when = _moment(moment, time_zone, locale)
    with force_locale(locale):
        held = gettext("Places held until %(moment)s", moment=when)
        waits = gettext("Not confirmed yet: answer awaited until %(moment)s", moment=when)
        return SlipColumn(
            locale,
            gettext("Reserved shelter"),
            ngettext("%(num)s person", "%(num)s people", n),
            _hours(shelter),
            held if is_held else waits,
            gettext("Show this code when you arrive."),
            gettext("This paper does not carry your name."),
        )


def _hours(shelter: PublicShelter) -> str:
    if not (shelter.opens_at and shelter.closes_at):
        return str(gettext("Open at any hour"))
    hours = {"first": shelter.opens_at, "last": shelter.closes_at}
    return str(gettext("Open from %(first)s to %(last)s", **hours))


def _moment(moment: datetime, time_zone: str, locale: str) -> str:
    zone, known = clock.zone(time_zone), Locale.parse(locale)
    return str(dates.format_datetime(moment, "EEE d MMM, HH:mm", zone, locale=known))
