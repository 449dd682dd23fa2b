"""Converts the form of an order of visitor cards, and lays out the sheet that is printed."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import force_locale, gettext
from werkzeug.datastructures import MultiDict

from app.codelists.codelist import N_
from app.i18n.language import LOCALES
from app.json_object import JsonObject
from app.web.qr_codes import QUIET_ZONE, draw_qr_code
from app.web.requests import plain_fields

CARDS_PER_PAGE = 10
QR_SIDE = 21 + 2 * QUIET_ZONE
"""A card code is always a QR code of version 1, with the quiet zone that scanners need."""
DEFAULT_CARD_COUNT = 20
CARD_SENTENCE = N_("Please bring this card when you come again. It carries no name.")
"""The only text on a card."""


def card_order_from_form(form: MultiDict[str, str]) -> JsonObject:
    """Return the form fields of an order in the shape of its JSON."""
    raw = plain_fields(form)
    n = str(raw.get("n", "")).strip()
    return {**raw, "n": int(n[:9])} if n.isdecimal() else raw


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
