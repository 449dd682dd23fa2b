"""Generates the template to fill in: the columns in the reader's language, and the words that each accepts."""

import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import xlsxwriter
from flask_babel import gettext

from app.codelists import shared_codelists
from app.consultations.forms.spreadsheets.columns import COLUMNS, REQUIRED
from app.consultations.forms.spreadsheets.label_codes import CODELISTS
from app.i18n import language

TEMPLATE_ROWS = 5000
MULTIPLE_CHOICE = frozenset({"topics", "outcomes", "flags"})
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
WORKBOOK_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}


def as_csv() -> bytes:
    """Return the header alone as CSV, with the byte order mark by which spreadsheet programs recognise UTF-8."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";").writerow([_neutralise(name) for _, name in _names()])
    return buffer.getvalue().encode("utf-8-sig")


def as_xlsx(desks: Collection[str]) -> bytes:
    """Return an XLSX of empty rows with lists to choose from; a second worksheet has all accepted words."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, WORKBOOK_OPTIONS) as book:
        bold, text, day = (
            book.add_format(properties)
            for properties in ({"bold": True}, {"num_format": "@"}, {"num_format": "yyyy-mm-dd"})
        )
        sheet = book.add_worksheet(gettext("Consultations")[:31])
        words = book.add_worksheet(gettext("Words")[:31])
        words.write_string(
            0, 0, gettext("The words that each column accepts. Separate several with ;")
        )
        sheet.freeze_panes(1, 0)
        for position, (code, name) in enumerate(_names()):
            title = f"{name} *" if code in REQUIRED else name
            sheet.write_string(0, position, _neutralise(title), bold)
            width, cell_format = max(14, len(title) + 2), day if code == "held_on" else text
            sheet.set_column(position, position, width, cell_format)
            column = TemplateColumn(position, code, name, list(_words(code, desks)))
            _add_choices(sheet, words, column)
    return buffer.getvalue()


@dataclass(frozen=True)
class TemplateColumn:
    """A column of the template: its position from 0, code, name and accepted words."""

    position: int
    code: str
    name: str
    words: list[str]


def _add_choices(
    sheet: "xlsxwriter.worksheet.Worksheet",
    words: "xlsxwriter.worksheet.Worksheet",
    column: TemplateColumn,
) -> None:
    """Write the words of a column on the second worksheet, and validate the column of the first one by them."""
    position = column.position
    if column.code == "n":
        is_count = {"validate": "integer", "criteria": "between", "minimum": 1, "maximum": 99}
        sheet.data_validation(1, position, TEMPLATE_ROWS, position, is_count)
    if not column.words:
        return
    words.write_string(1, position, _neutralise(column.name))
    words.set_column(position, position, 28)
    for row, word in enumerate(column.words, 2):
        words.write_string(row, position, _neutralise(word))
    first = xlsxwriter.utility.xl_rowcol_to_cell(2, position, True, True)
    last = xlsxwriter.utility.xl_rowcol_to_cell(len(column.words) + 1, position, True, True)
    source = f"='{words.get_name()}'!{first}:{last}"
    show_error = column.code not in MULTIPLE_CHOICE
    is_listed = {"validate": "list", "source": source, "show_error": show_error}
    sheet.data_validation(1, position, TEMPLATE_ROWS, position, is_listed)


def _names() -> Iterator[tuple[str, str]]:
    for term in COLUMNS:
        yield term.code, str(gettext(term.label))


def _words(code: str, desks: Collection[str]) -> Iterator[str]:
    if code == "desk":
        yield from sorted(desks)
    elif code == "language":
        yield from (name for _, name in language.languages_by_name(language.current_locale()))
    elif code == "nationality":
        yield from (name for _, name in language.countries_by_name(language.current_locale()))
        yield from (str(gettext(term.label)) for term in shared_codelists.SPECIAL_NATIONALITIES)
    elif code in CODELISTS:
        yield from (str(gettext(term.label)) for term in CODELISTS[code][0])


def _neutralise(text: str) -> str:
    """Return a text that no spreadsheet program evaluates as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
