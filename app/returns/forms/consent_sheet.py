"""The content of the printed consent, in the languages of the person and of the reader."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel import Locale, dates
from flask_babel import force_locale, gettext

from app.codelists.shared_codelists import languages
from app.i18n.language import LOCALES
from app.returns.queries.requests import StepRow
from app.returns.rules.request_state import RequestState
from app.returns.rules.stages import CONSENT, COUNSELLING
from app.returns.vocabulary import texts

PART = "consent"


@dataclass(frozen=True)
class PrintedConsent:
    """A consent as it is printed: version of its text, first and last day, language (ISO 639-3) of the conversation.

    Before the consent is recorded both days are None and the version is the current one.
    """

    version: str
    given_on: date | None
    valid_until: date | None
    language: str


@dataclass(frozen=True)
class ConsentColumn:
    """The whole consent in one language; `days` are pairs of a label and a formatted date."""

    locale: str
    heading: str
    paragraphs: tuple[str, ...]
    days: tuple[tuple[str, str], ...]
    not_recorded: str
    how_to_withdraw: str
    no_name: str


def latest_consent(state: RequestState, steps: Iterable[StepRow]) -> PrintedConsent:
    """Return the latest consent of a request; before the first one, the consent that would be given."""
    language, version, given_on = "", texts.current(), None
    for step in steps:
        if step.action in (COUNSELLING, CONSENT):
            language = step.answers.get("language") or language
        if step.action == CONSENT:
            version = step.answers.get("text_version") or version
            given_on = step.recorded_on
    return PrintedConsent(version, given_on, state.consent_until, language)


def printed_languages() -> list[str]:
    """Return the languages (ISO 639-3) that the text is written in."""
    return [code for code, (alpha2, _) in languages().items() if alpha2 in LOCALES]


def locale_of(language: str) -> str:
    """Return the locale (of LOCALES) of a language (ISO 639-3); empty if the text is not written in it."""
    alpha2, _ = languages().get(language, ("", ""))
    return alpha2 if alpha2 in LOCALES else ""


def consent_columns(
    consent: PrintedConsent, reader_locale: str, language: str
) -> list[ConsentColumn]:
    """Return a column in the person's language, if the text has it, then one in the reader's; one if they are equal."""
    locales = dict.fromkeys(filter(None, (locale_of(language), reader_locale)))
    return [_column(consent, locale) for locale in locales]


def _column(consent: PrintedConsent, locale: str) -> ConsentColumn:
    text = texts.text(consent.version, PART, locale)
    with force_locale(locale):
        return ConsentColumn(
            text.locale,
            gettext("Consent to ask for a voluntary return"),
            text.paragraphs,
            tuple(_days(consent, locale)),
            gettext("Only read so far: no consent is recorded yet.")
            if consent.given_on is None
            else "",
            gettext(
                "To withdraw, tell this desk the reference, at any time before you depart. "
                "Nobody asks for a reason."
            ),
            gettext("This paper does not carry your name."),
        )


def _days(consent: PrintedConsent, locale: str) -> Iterable[tuple[str, str]]:
    for label, day in (
        (gettext("Consent given on"), consent.given_on),
        (gettext("Valid until"), consent.valid_until),
    ):
        if day is not None:
            yield str(label), _day(day, locale)


def _day(day: date, locale: str) -> str:
    # Babel ships no types for the locale argument.
    parsed: Any = Locale.parse(locale)
    return str(dates.format_date(day, "long", locale=parsed))
