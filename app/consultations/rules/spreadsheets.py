"""What a sheet brings: consultations with the rows they came from, and what is wrong by row and column."""

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
"""Stands as the number of a consultation of a sheet until its content is known."""
SHOWN_AT = {"groups": "n", "too_many_groups": "nationality"}


class CellError(NamedTuple):
    """What is wrong at a row and column (its letter, empty where the whole row is meant).

    `about` names one of our columns where the sentence does.
    """

    row: int
    column: str
    code: str
    named_column: str = ""


@dataclass(frozen=True)
class SpreadsheetRecord:
    """One consultation of a sheet as read, with what is wrong with its cells.

    `rows` are the rows of the people, group by group; `record` is its number in the sheet, if any; `letters` are the
    letters of our columns by their codes.
    """

    reading: ParsedConsultation
    record: str
    row: int
    rows: tuple[tuple[int, ...], ...]
    columns: Mapping[str, str]
    errors: tuple[CellError, ...] = ()

    def error_at(self, path: str, code: str) -> CellError:
        """The problem of a field of the consultation, told at the cell that said it."""
        parts = path.split(".")
        if parts[0] != "groups" or len(parts) == 1:
            column = SHOWN_AT.get(code) or SHOWN_AT.get(parts[0], parts[0])
            return CellError(self.row, self.columns.get(column, ""), code)
        people = self.rows[int(parts[1])]
        if parts[2] != "persons":
            return CellError(people[0], self.columns.get(parts[2], ""), code)
        row = people[int(parts[3])] if len(parts) > 3 else people[0]
        column = parts[4] if len(parts) > 4 else "n"
        return CellError(row, self.columns.get(column, ""), code)


def merge_errors(entry: SpreadsheetRecord, found: list[tuple[str, str]]) -> list[CellError]:
    """All that is wrong with an entry, at most one sentence a cell: what the cell itself said goes first."""
    told = {(fault.row, fault.column): fault for fault in entry.errors}
    for path, code in found:
        fault = entry.error_at(path, code)
        told.setdefault((fault.row, fault.column), fault)
    return list(told.values())


def sort_key(fault: CellError) -> tuple[int, int, str]:
    """Where a fault stands in a list: by row, then column."""
    return fault.row, len(fault.column), fault.column


def identity_key(content: ConsultationData, record: str) -> bytes:
    """What makes two consultations of sheets the same one: desk, day and number, else all that they say.

    `content` still has NO_ID for its number.
    """
    if record:
        said = f"record\x1f{content.desk}\x1f{content.held_on.isoformat()}\x1f{record}"
    else:
        said = "content\x1f" + canonical_json(content)
    return sha256(f"ventanilla-sheet-1\x1f{said}".encode()).digest()


def derive_id(key: bytes, nth: int) -> str:
    """The number of the nth consultation with a key: the same in every run, in the form of UUID version 4."""
    return str(UUID(bytes=sha256(key + nth.to_bytes(4)).digest()[:16], version=4))
