"""What the two printed sheets say: the consent in the languages of both who speak, and the reference alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel import Locale, dates
from flask_babel import force_locale, gettext

from app.codelists.shared_codelists import languages
from app.i18n.language import LOCALES
from app.returns.queries.requests import StepRow
from app.returns.rules.request_state import Standing
from app.returns.rules.stages import CONSENT, COUNSELLING
from app.returns.vocabulary import texts

PART = "consent"


@dataclass(frozen=True)
class Given:
    """A consent as it is printed: its text's version, the days that it holds, the language that was spoken.

    Both days are None, and the version is the one read today, while it is not recorded.
    """

    version: str
    on: date | None
    until: date | None
    spoken: str


@dataclass(frozen=True)
class Column:
    """The whole of a consent in one language; `days` are pairs of what it is and when."""

    locale: str
    heading: str
    paragraphs: tuple[str, ...]
    days: tuple[tuple[str, str], ...]
    not_recorded: str
    withdrawing: str
    no_name: str


def given(standing: Standing, steps: Iterable[StepRow]) -> Given:
    """The latest consent of a request; what would be printed before there is one."""
    spoken, version, on = "", texts.current(), None
    for step in steps:
        if step.act in (COUNSELLING, CONSENT):
            spoken = step.said.get("language") or spoken
        if step.act == CONSENT:
            version, on = step.said.get("text_version") or version, step.day
    return Given(version, on, standing.consent_until, spoken)


def printed_languages() -> list[str]:
    """The languages (ISO 639-3) that the text is written in."""
    return [code for code, (alpha2, _) in languages().items() if alpha2 in LOCALES]


def locale_of(spoken: str) -> str:
    """The language (of LOCALES) in which a spoken one (ISO 639-3) is written; empty where there is none."""
    alpha2, _ = languages().get(spoken, ("", ""))
    return alpha2 if alpha2 in LOCALES else ""


def columns(consent: Given, reader: str, spoken: str) -> list[Column]:
    """The person's language first, where it is written, then the reader's; one column where both are one."""
    wanted = dict.fromkeys(filter(None, (locale_of(spoken), reader)))
    return [_column(consent, locale) for locale in wanted]


def _column(consent: Given, locale: str) -> Column:
    written = texts.text(consent.version, PART, locale)
    with force_locale(locale):
        return Column(
            written.locale,
            gettext("Consent to ask for a voluntary return"),
            written.paragraphs,
            tuple(_days(consent, locale)),
            gettext("Only read so far: no consent is recorded yet.") if consent.on is None else "",
            gettext(
                "To withdraw, tell this desk the reference, at any time before you depart. "
                "Nobody asks for a reason."
            ),
            gettext("This paper does not carry your name."),
        )


def _days(consent: Given, locale: str) -> Iterable[tuple[str, str]]:
    for label, day in (
        (gettext("Consent given on"), consent.on),
        (gettext("Valid until"), consent.until),
    ):
        if day is not None:
            yield str(label), _day(day, locale)


def _day(day: date, locale: str) -> str:
    known: Any = Locale.parse(locale)
    return str(dates.format_date(day, "long", locale=known))
