"""Reads what was sent about visitor cards, by form or as JSON, and lays out the sheet that is printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request
from flask_babel import force_locale, gettext

from app.codelists.codelist import N_
from app.db.session import Session
from app.field_errors import FieldError
from app.i18n.language import LOCALES
from app.places.queries import DeskRow, find_desk
from app.text_limits import LONGEST, is_too_long
from app.web.access import Scope
from app.web.forms import NOT_A_FIELD
from app.web.qr_codes import QUIET, draw
from app.web.requests import is_form, read_json

A_PAGE = 10
QR_SIDE = 21 + 2 * QUIET
"""A code is always a QR code of version 1, with the quiet zone that readers need."""
USUAL_NUMBER = 20
SENTENCE = N_("Please bring this card when you come again. It carries no name.")
"""The only words on a card."""


@dataclass(frozen=True)
class CardInput:
    """The fields that were sent, whatever they were, and what is wrong with them so far."""

    raw: dict[str, Any]
    errors: list[FieldError]

    def text(self, name: str) -> str:
        """A field that must be there, as text; empty where it is not."""
        value = self.raw.get(name)
        if value in (None, ""):
            self.errors.append(FieldError(name, "required"))
        elif not isinstance(value, str):
            self.errors.append(FieldError(name, "unreadable"))
        elif is_too_long(value):
            self.errors.append(FieldError(name, "too_long"))
            return value[:LONGEST]
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """A whole number that must be there; 0 where it is not."""
        value = self.raw.get(name)
        if is_form() and isinstance(value, str) and value.strip().isdecimal():
            value = int(value.strip()[:9])
        if value in (None, "") and not isinstance(value, (bool, int)):
            self.errors.append(FieldError(name, "required"))
        elif not isinstance(value, int) or isinstance(value, bool):
            self.errors.append(FieldError(name, "not_a_number"))
        else:
            return value
        return 0

    def day(self, name: str) -> date | None:
        """A day that may be there; None where it is not."""
        value = self.raw.get(name)
        if value in (None, ""):
            return None
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            self.errors.append(FieldError(name, "not_a_date"))
            return None

    def desk(self, session: Session, scope: Scope) -> DeskRow | None:
        """A desk within the scope; None where there is none or it is somebody else's."""
        code = self.text("desk")
        found = find_desk(session, scope, code) if code else None
        if found is None and code:
            self.errors.append(FieldError("desk", "not_your_desk"))
        return found


def read_input(*fields: str) -> CardInput:
    """The body of this request, of which only these fields are known."""
    given = _form_fields() if is_form() else read_json()
    strange = sorted(given.keys() - set(fields))
    return CardInput(given, [FieldError(name[:80], "unknown_field") for name in strange])


def _form_fields() -> dict[str, Any]:
    return {name: values[-1] for name, values in request.form.lists() if name not in NOT_A_FIELD}


@dataclass(frozen=True)
class PrintedCard:
    """One card of the sheet: its code in three fives, and the same as the path of a QR code of QR_SIDE units."""

    blocks: tuple[str, ...]
    path: str


def lay_out_pages(codes: Sequence[str]) -> list[list[PrintedCard]]:
    """The pages of a sheet of codes as printed, ten cards each."""
    cards = [PrintedCard(tuple(code.split("-")), draw(code, 1).path) for code in codes]
    return [cards[first : first + A_PAGE] for first in range(0, len(cards), A_PAGE)]


def printed_sentences() -> list[tuple[str, str]]:
    """The sentence on a card in every language, the language's code before it."""
    said = []
    for locale in LOCALES:
        with force_locale(locale):
            said.append((locale, gettext(SENTENCE)))
    return said


def format_reporting_year(year: int, start: int) -> str:
    """A reporting year as printed, by the calendar year and month it begins in: `2026` or `2026–27`."""
    return str(year) if start == 1 else f"{year}–{(year + 1) % 100:02d}"
