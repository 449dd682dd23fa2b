"""The columns of a spreadsheet: their names in six languages, which are required, and the messages about cells."""

from collections import Counter
from dataclasses import dataclass

from flask_babel import gettext

from app.codelists.codelist import N_, Codelist, Term
from app.consultations.forms.spreadsheets.label_codes import codes_by_column_name, normalise
from app.consultations.rules.spreadsheets import CellError
from app.field_errors import FIELD_ERRORS
from app.privacy.identifiers import IDENTIFIERS
from app.spreadsheets.limits import CellValue, SheetRow, column_name, is_blank

COLUMNS = Codelist(
    "sheet_column",
    Term("record", N_("Record number")),
    Term("desk", N_("Desk")),
    Term("held_on", N_("Day")),
    Term("channel", N_("Channel")),
    Term("modality", N_("Modality")),
    Term("travel_group", N_("Travelling")),
    Term("language", N_("Language spoken")),
    Term("nationality", N_("Nationality")),
    Term("situation", N_("Situation")),
    Term("repeat_contact", N_("Did they come before?")),
    Term("sex", N_("Sex")),
    Term("age_band", N_("Age group")),
    Term("n", N_("Number of people")),
    Term("topics", N_("Topics")),
    Term("main_topic", N_("Main topic")),
    Term("outcomes", N_("What did we do?")),
    Term("flags", N_("Conditions")),
    Term("card", N_("Visitor card")),
)
REQUIRED = frozenset(
    {"desk", "held_on", "nationality", "repeat_contact", "sex", "age_band", "n"}
    | {"topics", "outcomes"}
)
PERSON_COLUMNS = ("nationality", "situation", "repeat_contact", "sex", "age_band", "n")
"""Columns that belong to the people of a row; all others belong to the whole consultation."""
MESSAGES = Codelist(
    "sheet_problem",
    Term("formula", N_("This cell has a formula. Replace it by its value.")),
    Term(
        "ambiguous",
        N_("This word means two things in two languages. Use the word of the template."),
    ),
    Term(
        "day_unclear",
        N_("Write the day first and the year with four digits: 15/03/2026, or 2026-03-15."),
    ),
    Term("unknown_column", N_("This column is unknown. Remove it.")),
    Term("duplicate_column", N_("The column “{column}” is there twice.")),
    Term("missing_column", N_("The column “{column}” is missing.")),
    Term("not_a_record_number", N_("A record number has at most 20 characters.")),
    Term(
        "scattered_record",
        N_("There are other rows of this record further up. Keep the rows of one record together."),
    ),
    Term("not_the_same", N_("The first row of this record has another value here.")),
    Term("different", N_("This record was imported before with other data.")),
)
MIN_COLUMN_NAMES = 3
"""A row with at least this many column names is the header."""


@dataclass(frozen=True)
class Header:
    """The positions of our columns by code (from 0), the positions of unknown columns, and the errors of the header."""

    row: int
    positions: dict[str, int]
    unknown: frozenset[int]
    errors: tuple[CellError, ...]

    @property
    def names(self) -> dict[str, str]:
        return {code: column_name(position) for code, position in self.positions.items()}

    @property
    def is_readable(self) -> bool:
        """Whether rows can be read: no column is missing or duplicate."""
        return all(error.code == "unknown_column" for error in self.errors)


def is_header(cells: list[CellValue]) -> bool:
    """Whether a row names our columns."""
    codes = {_code(cell) for cell in cells} - {None}
    return len(codes) >= MIN_COLUMN_NAMES


def read_header(row: SheetRow) -> Header:
    """Return the positions of our columns in a header row, and its errors."""
    number, cells = row
    codes = [_code(cell) for cell in cells]
    errors = []
    for position, (code, cell) in enumerate(zip(codes, cells, strict=True)):
        if code is None and not is_blank(cell):
            errors.append(CellError(number, column_name(position), "unknown_column"))
        elif code is not None and code in codes[:position]:
            errors.append(CellError(number, column_name(position), "duplicate_column", code))
    counts = Counter(codes)
    missing = [code for code in COLUMNS.codes if code in REQUIRED and not counts[code]]
    errors += [CellError(number, "", "missing_column", code) for code in missing]
    positions = {code: codes.index(code) for code in COLUMNS.codes if code in counts}
    unknown = frozenset(position for position, code in enumerate(codes) if code is None)
    return Header(number, positions, unknown, tuple(errors))


def _code(cell: CellValue) -> str | None:
    if not isinstance(cell, str):
        return None
    return codes_by_column_name(COLUMNS).get(normalise(cell))


def error_message(error: CellError) -> str:
    """Return the message of an error in the reader's language; it never repeats the text of the cell."""
    for codelist in (MESSAGES, IDENTIFIERS, FIELD_ERRORS):
        if error.code in codelist:
            text = str(gettext(codelist[error.code].label))
            name = str(gettext(COLUMNS[error.named_column].label)) if error.named_column else ""
            return text.replace("{column}", name)
    return error.code
