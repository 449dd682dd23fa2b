"""Combines the rows of a spreadsheet into consultations one by one, each parsed like any other submission."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from app.consultations.forms.spreadsheets.cell_reader import CellReader, identifier_in
from app.consultations.forms.spreadsheets.columns import (
    PERSON_COLUMNS,
    Header,
    is_header,
    read_header,
)
from app.consultations.rules.spreadsheets import PLACEHOLDER_ID, CellError, SpreadsheetRecord
from app.consultations.schemas.bodies import parse_consultation
from app.consultations.vocabulary import DECLINED
from app.json_object import JsonObject
from app.spreadsheets.limits import CellValue, SheetRow, SpreadsheetLimits, column_name, is_blank
from app.spreadsheets.reading import read_rows

GROUP_COLUMNS = ("nationality", "situation", "repeat_contact")


@dataclass
class _ParsedRow:
    """One row as read: the values of its valid cells by column, their errors, and the columns of invalid cells."""

    row: int
    values: JsonObject = field(default_factory=dict)
    errors: list[CellError] = field(default_factory=list)
    invalid: set[str] = field(default_factory=set)

    def is_filled(self, column: str) -> bool:
        return column in self.values or column in self.invalid


def read_records(
    file: BinaryIO, desks: Collection[str], limits: SpreadsheetLimits
) -> Iterator[SpreadsheetRecord | CellError]:
    """Yield the consultations of a spreadsheet, and the errors that belong to none of them.

    `desks` are the codes of the allowed desks. Raises UnreadableSpreadsheet, possibly after the first records.
    """
    sheet_rows = read_rows(file, is_header, limits)
    header = read_header(next(sheet_rows))
    yield from header.errors
    if not header.is_readable:
        for _ in sheet_rows:  # an error of the whole file has precedence: read it to its end
            pass
        return
    record: list[_ParsedRow] = []
    for row in _parsed_rows(sheet_rows, header, desks):
        if record and not _continues(record[0], row):
            yield _record(record, header)
            record = []
        record.append(row)
    if record:
        yield _record(record, header)


def _parsed_rows(
    sheet_rows: Iterator[SheetRow], header: Header, desks: Collection[str]
) -> Iterator[_ParsedRow]:
    columns = [
        (code, position, column_name(position), CellReader(code, desks))
        for code, position in header.positions.items()
    ]
    positions = set(header.positions.values())
    for number, cells in sheet_rows:
        row = _ParsedRow(number)
        width = len(cells)
        for code, position, name, reader in columns:
            value = cells[position] if position < width else None
            if not is_blank(value):
                _add_cell(row, code, name, reader.answer(value))
        if width > len(columns) or header.unknown:
            row.errors += _unknown_cells(number, cells, positions, header)
        yield row


def _add_cell(row: _ParsedRow, code: str, name: str, answer: tuple[Any, str]) -> None:
    value, error = answer
    if error:
        row.invalid.add(code)
        row.errors.append(CellError(row.row, name, error))
    else:
        row.values[code] = value


def _unknown_cells(
    number: int, cells: list[CellValue], positions: set[int], header: Header
) -> list[CellError]:
    """Return the errors of cells outside our columns: an identifier, or a column that the header does not report."""
    reported = {error.column for error in header.errors}
    errors = []
    for position, value in enumerate(cells):
        if position in positions or is_blank(value):
            continue
        rule, name = identifier_in(value), column_name(position)
        if rule or name not in reported:
            errors.append(CellError(number, name, rule or "unknown_column"))
    return errors


def _continues(first: _ParsedRow, row: _ParsedRow) -> bool:
    """Whether a row belongs to the record of an earlier one: the same number, and the same or no day and desk."""
    if not first.values.get("record") or row.values.get("record") != first.values["record"]:
        return False
    return all(
        column not in row.values or row.values[column] == first.values.get(column)
        for column in ("desk", "held_on")
    )


def _record(record_rows: list[_ParsedRow], header: Header) -> SpreadsheetRecord:
    first, *others = record_rows
    columns = header.names
    errors = [error for row in record_rows for error in row.errors]
    other_columns = (*PERSON_COLUMNS, "record")
    raw: JsonObject = {"id": PLACEHOLDER_ID}
    raw |= {code: value for code, value in first.values.items() if code not in other_columns}
    for row in others:
        errors += _contradictions(first, row, columns)
    rows: tuple[tuple[int, ...], ...] = ((first.row,),)
    if raw.get("outcomes") != [DECLINED] or any(_has_people(row) for row in record_rows):
        raw["groups"], rows = _groups(record_rows)
    number = first.values.get("record", "")
    parsed = parse_consultation(raw)
    return SpreadsheetRecord(parsed, number, first.row, rows, columns, tuple(errors))


def _contradictions(
    first: _ParsedRow, row: _ParsedRow, columns: dict[str, str]
) -> Iterator[CellError]:
    for code, value in row.values.items():
        is_shared = code not in PERSON_COLUMNS and code not in first.invalid
        if is_shared and value != first.values.get(code):
            yield CellError(row.row, columns[code], "not_the_same")


def _has_people(row: _ParsedRow) -> bool:
    return any(row.is_filled(code) for code in PERSON_COLUMNS)


def _groups(
    record_rows: list[_ParsedRow],
) -> tuple[list[JsonObject], tuple[tuple[int, ...], ...]]:
    """Return the groups of a record, and the rows of their people; equal sex and age are added up."""
    groups: dict[tuple[Any, ...], dict[tuple[Any, Any, int], JsonObject]] = {}
    rows: dict[tuple[Any, ...], list[int]] = {}
    for row in record_rows:
        key = tuple(row.values.get(code) for code in GROUP_COLUMNS)
        people, group_rows = groups.setdefault(key, {}), rows.setdefault(key, [])
        sex, age, n = (row.values.get(code) for code in ("sex", "age_band", "n"))
        # An incomplete row is not added to another one, so that its error stays at its own row.
        profile = (sex, age, 0 if sex and age and n is not None else row.row)
        if profile in people:
            people[profile]["n"] += n
        else:
            people[profile] = {"sex": sex, "age_band": age, "n": n}
            group_rows.append(row.row)
    return [
        {**dict(zip(GROUP_COLUMNS, key, strict=True)), "persons": list(people.values())}
        for key, people in groups.items()
    ], tuple(tuple(group_rows) for group_rows in rows.values())
