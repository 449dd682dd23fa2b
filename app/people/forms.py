"""Reads requests about visitor cards, by form or as JSON, and lays out the sheet that is printed."""

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
from app.text_limits import MAX_TEXT_LENGTH, is_too_long
from app.web.access import Scope
from app.web.forms import NOT_FIELDS
from app.web.qr_codes import QUIET_ZONE, draw_qr_code
from app.web.requests import is_form, read_json

CARDS_PER_PAGE = 10
QR_SIDE = 21 + 2 * QUIET_ZONE
"""A card code is always a QR code of version 1, with the quiet zone that scanners need."""
DEFAULT_CARD_COUNT = 20
CARD_SENTENCE = N_("Please bring this card when you come again. It carries no name.")
"""The only text on a card."""


@dataclass(frozen=True)
class CardInput:
    """The fields of a request as they were sent, and the errors collected so far; a method reads one field."""

    raw: dict[str, Any]
    errors: list[FieldError]

    def text(self, name: str) -> str:
        """Return a required field as text, empty if it is missing or not a text."""
        value = self.raw.get(name)
        if value in (None, ""):
            self.errors.append(FieldError(name, "required"))
        elif not isinstance(value, str):
            self.errors.append(FieldError(name, "unreadable"))
        elif is_too_long(value):
            self.errors.append(FieldError(name, "too_long"))
            return value[:MAX_TEXT_LENGTH]
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """Return a required whole number, 0 if it is missing or not a number."""
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
        """Return an optional day, None if it is missing or not an ISO date."""
        value = self.raw.get(name)
        if value in (None, ""):
            return None
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            self.errors.append(FieldError(name, "not_a_date"))
            return None

    def desk(self, session: Session, scope: Scope) -> DeskRow | None:
        """Return the desk that a required field names, None if there is none within the scope."""
        code = self.text("desk")
        desk = find_desk(session, scope, code) if code else None
        if desk is None and code:
            self.errors.append(FieldError("desk", "not_your_desk"))
        return desk


def read_input(*fields: str) -> CardInput:
    """Read the body of this request; any field but these is an error."""
    raw = _form_fields() if is_form() else read_json()
    unknown = sorted(raw.keys() - set(fields))
    return CardInput(raw, [FieldError(name[:80], "unknown_field") for name in unknown])


def _form_fields() -> dict[str, Any]:
    return {name: values[-1] for name, values in request.form.lists() if name not in NOT_FIELDS}


@dataclass(frozen=True)
class PrintedCard:
    """One card of the sheet: the blocks of its code, and the SVG path of its QR code in a square of QR_SIDE units."""

    blocks: tuple[str, ...]
    path: str


def lay_out_pages(codes: Sequence[str]) -> list[list[PrintedCard]]:
    """Return the pages of a sheet of printed codes, ten cards each."""
    cards = [PrintedCard(tuple(code.split("-")), draw_qr_code(code, 1).path) for code in codes]
    return [cards[first : first + CARDS_PER_PAGE] for first in range(0, len(cards), CARDS_PER_PAGE)]


def printed_sentences() -> list[tuple[str, str]]:
    """Return pairs of language code and the sentence on a card in that language."""
    sentences = []
    for locale in LOCALES:
        with force_locale(locale):
            sentences.append((locale, gettext(CARD_SENTENCE)))
    return sentences


def format_reporting_year(year: int, start: int) -> str:
    """Return a reporting year as printed, by the calendar year and month it begins in: `2026` or `2026–27`."""
    return str(year) if start == 1 else f"{year}–{(year + 1) % 100:02d}"
