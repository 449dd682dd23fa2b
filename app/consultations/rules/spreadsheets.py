"""Consultations of an imported spreadsheet with the rows they came from, and errors by row and column."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from app.consultations.rules.consultation_data import (
    ConsultationData,
    ParsedConsultation,
    canonical_json,
)

PLACEHOLDER_ID = "00000000-0000-4000-8000-000000000000"
"""Stands for the id of a spreadsheet's consultation until its data is known."""
ERROR_COLUMNS = {"groups": "n", "too_many_groups": "nationality"}


class CellError(NamedTuple):
    """The error of a cell, or of a whole row if `column` (A, B, …) is empty.

    `named_column` is the code of the column that the message names, if it names one.
    """

    row: int
    column: str
    code: str
    named_column: str = ""


@dataclass(frozen=True)
class SpreadsheetRecord:
    """One consultation of a spreadsheet as read, with the errors of its cells.

    `rows` are the rows of the people, group by group; `record_number` may be empty; `columns` are the spreadsheet's
    names (A, B, …) of our columns by their codes.
    """

    parsed: ParsedConsultation
    record_number: str
    row: int
    rows: tuple[tuple[int, ...], ...]
    columns: Mapping[str, str]
    errors: tuple[CellError, ...] = ()

    def error_at(self, path: str, code: str) -> CellError:
        """Return the error of a field of the consultation, at the cell that the field was read from."""
        parts = path.split(".")
        if parts[0] != "groups" or len(parts) == 1:
            column = ERROR_COLUMNS.get(code) or ERROR_COLUMNS.get(parts[0], parts[0])
            return CellError(self.row, self.columns.get(column, ""), code)
        people = self.rows[int(parts[1])]
        if parts[2] != "persons":
            return CellError(people[0], self.columns.get(parts[2], ""), code)
        row = people[int(parts[3])] if len(parts) > 3 else people[0]
        column = parts[4] if len(parts) > 4 else "n"
        return CellError(row, self.columns.get(column, ""), code)


def merge_errors(record: SpreadsheetRecord, field_errors: list[tuple[str, str]]) -> list[CellError]:
    """Return all errors of a record, at most one a cell: those of the cell itself precede those of fields."""
    errors = {(error.row, error.column): error for error in record.errors}
    for path, code in field_errors:
        error = record.error_at(path, code)
        errors.setdefault((error.row, error.column), error)
    return list(errors.values())


def sort_key(error: CellError) -> tuple[int, int, str]:
    """Return the key that orders errors by row, then column."""
    return error.row, len(error.column), error.column


def identity_key(data: ConsultationData, record_number: str) -> bytes:
    """Return the key by which consultations are the same: desk, day and record number, else all their data.

    The id of `data` is still PLACEHOLDER_ID.
    """
    if record_number:
        text = f"record\x1f{data.desk}\x1f{data.held_on.isoformat()}\x1f{record_number}"
    else:
        text = "content\x1f" + canonical_json(data)
    return sha256(f"ventanilla-sheet-1\x1f{text}".encode()).digest()


def derive_id(key: bytes, nth: int) -> str:
    """Return the id of the nth consultation with a key: the same in every run, in the form of UUID version 4."""
    return str(UUID(bytes=sha256(key + nth.to_bytes(4)).digest()[:16], version=4))
