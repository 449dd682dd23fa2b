"""Limits and cell types of imported spreadsheets, and the reasons why one cannot be read."""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TypeAlias

from flask_babel import gettext

from app.codelists.codelist import N_, Codelist, Term

UNREADABLE_REASONS = Codelist(
    "unreadable",
    Term("too_large", N_("This file is too large. Divide it into several.")),
    Term(
        "zip_bomb", N_("This file unpacks to far more than it should. Save the spreadsheet again.")
    ),
    Term(
        "locked",
        N_("This file has a password or is an old .xls. Save it as XLSX without a password."),
    ),
    Term("not_a_sheet", N_("This is not a spreadsheet that can be read. Save it as XLSX or CSV.")),
    Term(
        "entities",
        N_("This file holds definitions that no spreadsheet needs. Save the spreadsheet again."),
    ),
    Term("merged", N_("Cells are merged: {where}. Unmerge them; each row must be complete.")),
    Term("too_many_columns", N_("There is something to the right of column {where}. Delete it.")),
    Term("too_many_rows", N_("There are more than {where} rows. Divide the file into several.")),
    Term(
        "no_header",
        N_("The first row that is not empty must name the columns. Use the template."),
    ),
    Term(
        "several_sheets",
        N_("Several worksheets have these columns. Import one file for each of them."),
    ),
    Term("open_quote", N_("A quotation mark is opened and never closed, near row {where}.")),
)


class UnusableCell(Enum):
    """A cell without a usable value: it is reported by row and column, never evaluated, never repeated."""

    FORMULA = "formula"
    ERROR = "unreadable"
    TOO_LONG = "too_long"


CellValue: TypeAlias = str | int | float | bool | date | UnusableCell | None
SheetRow: TypeAlias = tuple[int, list[CellValue]]
"""The row number as a spreadsheet shows it, and the cells from column A on."""


class UnreadableSpreadsheet(Exception):
    """A file that is refused as a whole: a code of UNREADABLE_REASONS and a location (a range, a number)."""

    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(UNREADABLE_REASONS[code].code)
        self.code, self.location = code, where

    @property
    def message(self) -> str:
        """The message in the reader's language."""
        return str(gettext(UNREADABLE_REASONS[self.code].label)).replace("{where}", self.location)


@dataclass(frozen=True)
class SpreadsheetLimits:
    """Maxima: bytes, bytes unpacked, rows that are not empty, lines, columns, characters in a cell."""

    size: int = 20 * 1024 * 1024
    unpacked: int = 200 * 1024 * 1024
    rows: int = 100_000
    lines: int = 2_000_000
    columns: int = 60
    characters: int = 500

    @property
    def elements(self) -> int:
        """Maximum of XML elements in all parts, counted each time a part is read: two per possible cell."""
        return self.rows * self.columns * 2


def column_name(index: int) -> str:
    """Return the name of a column as a spreadsheet shows it: 0 is A, 26 is AA."""
    name = ""
    index += 1
    while index:
        index, remainder = divmod(index - 1, 26)
        name = chr(65 + remainder) + name
    return name


def is_blank(value: CellValue) -> bool:
    """Whether a cell is empty or has only spaces."""
    return value is None or (isinstance(value, str) and not value.strip())
