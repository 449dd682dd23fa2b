"""The columns of a sheet: their names in six languages, which must be there, and the sentences about cells."""

from collections import Counter
from dataclasses import dataclass

from flask_babel import gettext

from app.codelists.codelist import N_, Term, Terms
from app.consultations.forms.spreadsheets.label_codes import codes_by_column_name, normalise
from app.consultations.rules.spreadsheets import CellError
from app.field_errors import FIELD_ERRORS
from app.privacy.identifiers import IDENTIFIERS
from app.spreadsheets.limits import Row, Value, is_blank, letter

COLUMNS = Terms(
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
"""Columns that each row says for itself; all others are the whole consultation's."""
SENTENCES = Terms(
    "sheet_problem",
    Term("formula", N_("A formula stands here. Paste its value in its place.")),
    Term("ambiguous", N_("This means two things in two languages. Take the word of the template.")),
    Term(
        "day_unclear",
        N_("Write the day first and the year with four digits: 15/03/2026, or 2026-03-15."),
    ),
    Term("unknown_column", N_("This column is none of ours. Take it out.")),
    Term("duplicate_column", N_("The column “{column}” is there twice.")),
    Term("missing_column", N_("The column “{column}” is missing.")),
    Term("not_a_record_number", N_("A record number has at most 20 signs.")),
    Term(
        "scattered_record",
        N_("Rows of this record stand further up already. Put the rows of one record together."),
    ),
    Term("not_the_same", N_("The first row of this record says something else here.")),
    Term("different", N_("This record was brought before and says something else now.")),
)
MIN_COLUMN_NAMES = 3
"""So many known names make a row the one that names the columns."""


@dataclass(frozen=True)
class Header:
    """Where our columns stand: places from 0 by code, letters by code, and columns that are none of ours."""

    row: int
    positions: dict[str, int]
    unknown: frozenset[int]
    errors: tuple[CellError, ...]

    @property
    def names(self) -> dict[str, str]:
        return {code: letter(place) for code, place in self.positions.items()}

    @property
    def is_readable(self) -> bool:
        """Whether rows can be read at all: nothing is missing, nothing is there twice."""
        return all(fault.code == "unknown_column" for fault in self.errors)


def is_header(cells: list[Value]) -> bool:
    """Whether a row names our columns."""
    known = {_code(cell) for cell in cells} - {None}
    return len(known) >= MIN_COLUMN_NAMES


def read_header(row: Row) -> Header:
    """Where our columns stand, and what is wrong with that."""
    number, cells = row
    codes = [_code(cell) for cell in cells]
    faults = []
    for place, (code, cell) in enumerate(zip(codes, cells, strict=True)):
        if code is None and not is_blank(cell):
            faults.append(CellError(number, letter(place), "unknown_column"))
        elif code is not None and code in codes[:place]:
            faults.append(CellError(number, letter(place), "duplicate_column", code))
    met = Counter(codes)
    missing = [code for code in COLUMNS.codes if code in REQUIRED and not met[code]]
    faults += [CellError(number, "", "missing_column", code) for code in missing]
    places = {code: codes.index(code) for code in COLUMNS.codes if code in met}
    strange = frozenset(place for place, code in enumerate(codes) if code is None)
    return Header(number, places, strange, tuple(faults))


def _code(cell: Value) -> str | None:
    if not isinstance(cell, str):
        return None
    return codes_by_column_name(COLUMNS).get(normalise(cell))


def error_sentence(fault: CellError) -> str:
    """What is wrong, in the reader's language; what stood in the cell is never repeated."""
    for terms in (SENTENCES, IDENTIFIERS, FIELD_ERRORS):
        if fault.code in terms:
            text = str(gettext(terms[fault.code].label))
            about = str(gettext(COLUMNS[fault.named_column].label)) if fault.named_column else ""
            return text.replace("{column}", about)
    return fault.code
