"""Makes the sheet to fill in: the columns in the reader's language, and the words that each of them takes."""

import csv
import io
from collections.abc import Collection, Iterator

import xlsxwriter
from flask_babel import gettext

from app.codelists import shared_codelists
from app.consultations.forms.spreadsheets.columns import COLUMNS, REQUIRED
from app.consultations.forms.spreadsheets.label_codes import LISTS
from app.i18n import language

ROWS = 5000
SEVERAL = frozenset({"topics", "outcomes", "flags"})
FIRST_SIGNS = ("=", "+", "-", "@", "\t", "\r")
OTHER_PROGRAMMES = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}


def as_csv() -> bytes:
    """The columns alone, for a spreadsheet that knows no XLSX; with the mark by which spreadsheets know UTF-8."""
    said = io.StringIO()
    csv.writer(said, delimiter=";").writerow([_neutral(name) for _, name in _names()])
    return said.getvalue().encode("utf-8-sig")


def as_xlsx(desks: Collection[str]) -> bytes:
    """Empty rows under the columns with lists to choose from; a second worksheet names every word."""
    said = io.BytesIO()
    with xlsxwriter.Workbook(said, OTHER_PROGRAMMES) as book:
        bold, text, day = (
            book.add_format(how)
            for how in ({"bold": True}, {"num_format": "@"}, {"num_format": "yyyy-mm-dd"})
        )
        sheet = book.add_worksheet(gettext("Consultations")[:31])
        words = book.add_worksheet(gettext("Words")[:31])
        words.write_string(0, 0, gettext("The words that each column takes. Separate several by ;"))
        sheet.freeze_panes(1, 0)
        for place, (code, name) in enumerate(_names()):
            shown = f"{name} *" if code in REQUIRED else name
            sheet.write_string(0, place, _neutral(shown), bold)
            sheet.set_column(
                place, place, max(14, len(shown) + 2), day if code == "held_on" else text
            )
            _offer(sheet, words, (place, code, name), list(_words(code, desks)))
    return said.getvalue()


def _offer(
    sheet: "xlsxwriter.worksheet.Worksheet",
    words: "xlsxwriter.worksheet.Worksheet",
    column: tuple[int, str, str],
    offered: list[str],
) -> None:
    """Writes the words of a column on the second worksheet and lets the first one choose from them."""
    place, code, name = column
    if code == "n":
        whole = {"validate": "integer", "criteria": "between", "minimum": 1, "maximum": 99}
        sheet.data_validation(1, place, ROWS, place, whole)
    if not offered:
        return
    words.write_string(1, place, _neutral(name))
    words.set_column(place, place, 28)
    for row, word in enumerate(offered, 2):
        words.write_string(row, place, _neutral(word))
    first = xlsxwriter.utility.xl_rowcol_to_cell(2, place, True, True)
    last = xlsxwriter.utility.xl_rowcol_to_cell(len(offered) + 1, place, True, True)
    source = f"='{words.get_name()}'!{first}:{last}"
    choose = {"validate": "list", "source": source, "show_error": code not in SEVERAL}
    sheet.data_validation(1, place, ROWS, place, choose)


def _names() -> Iterator[tuple[str, str]]:
    for term in COLUMNS:
        yield term.code, str(gettext(term.label))


def _words(code: str, desks: Collection[str]) -> Iterator[str]:
    if code == "desk":
        yield from sorted(desks)
    elif code == "language":
        yield from (name for _, name in language.spoken(language.selected()))
    elif code == "nationality":
        yield from (name for _, name in language.world(language.selected()))
        yield from (str(gettext(term.label)) for term in shared_codelists.SPECIAL_NATIONALITIES)
    elif code in LISTS:
        yield from (str(gettext(term.label)) for term in LISTS[code][0])


def _neutral(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FIRST_SIGNS) else text
