"""Puts the rows of a sheet together to consultations, one after the other, each read by the one intake."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from app.consultations.forms.parsing import parse_consultation
from app.consultations.forms.spreadsheets.cells import CellReader, identifier_in
from app.consultations.forms.spreadsheets.columns import (
    PERSON_COLUMNS,
    Header,
    is_header,
    read_header,
)
from app.consultations.rules.spreadsheets import PLACEHOLDER_ID, CellError, SpreadsheetRecord
from app.consultations.vocabulary import DECLINED
from app.spreadsheets.limits import Limits, Row, Value, is_blank, letter
from app.spreadsheets.reading import read_rows

SHARED_GROUP = ("nationality", "situation", "repeat_contact")
KEY = ("record", "desk", "held_on")


@dataclass
class _Line:
    """One row as read: what its cells say by column, and what is wrong with them."""

    row: int
    said: dict[str, Any] = field(default_factory=dict)
    faults: list[CellError] = field(default_factory=list)
    wrong: set[str] = field(default_factory=set)

    def says(self, column: str) -> bool:
        return column in self.said or column in self.wrong


def read_records(
    file: BinaryIO, desks: Collection[str], limits: Limits
) -> Iterator[SpreadsheetRecord | CellError]:
    """The consultations of a sheet, and faults that belong to none; raises Unreadable, also late.

    `desks` are the codes of the desks that may be named.
    """
    rows = read_rows(file, is_header, limits)
    header = read_header(next(rows))
    yield from header.errors
    if not header.is_readable:
        for _ in rows:  # what cannot be read at all is said first of all
            pass
        return
    together: list[_Line] = []
    for line in _lines(rows, header, desks):
        if together and not _continues(together[0], line):
            yield _entry(together, header)
            together = []
        together.append(line)
    if together:
        yield _entry(together, header)


def _lines(rows: Iterator[Row], header: Header, desks: Collection[str]) -> Iterator[_Line]:
    columns = [
        (code, place, letter(place), CellReader(code, desks))
        for code, place in header.positions.items()
    ]
    known = set(header.positions.values())
    for number, cells in rows:
        line = _Line(number)
        width = len(cells)
        for code, place, name, reader in columns:
            value = cells[place] if place < width else None
            if not is_blank(value):
                _take(line, code, name, reader.answer(value))
        if width > len(columns) or header.unknown:
            line.faults += _strange(number, cells, known, header)
        yield line


def _take(line: _Line, code: str, name: str, answer: tuple[Any, str]) -> None:
    said, wrong = answer
    if wrong:
        line.wrong.add(code)
        line.faults.append(CellError(line.row, name, wrong))
    else:
        line.said[code] = said


def _strange(number: int, cells: list[Value], known: set[int], header: Header) -> list[CellError]:
    """Cells that stand under none of our columns: an identifier is named, another column was told at its head."""
    told = {fault.column for fault in header.errors}
    faults = []
    for place, value in enumerate(cells):
        if place in known or is_blank(value):
            continue
        rule = identifier_in(value)
        if rule or letter(place) not in told:
            faults.append(CellError(number, letter(place), rule or "unknown_column"))
    return faults


def _continues(first: _Line, line: _Line) -> bool:
    """Whether a row belongs to the record that an earlier one began: same number, day and desk or none said."""
    if not first.said.get("record") or line.said.get("record") != first.said["record"]:
        return False
    return all(
        column not in line.said or line.said[column] == first.said.get(column)
        for column in ("desk", "held_on")
    )


def _entry(lines: list[_Line], header: Header) -> SpreadsheetRecord:
    first = lines[0]
    letters = header.names
    faults = [fault for line in lines for fault in line.faults]
    raw: dict[str, Any] = {"id": PLACEHOLDER_ID}
    raw |= {
        code: said for code, said in first.said.items() if code not in (*PERSON_COLUMNS, "record")
    }
    for line in lines[1:]:
        faults += _contradictions(first, line, letters)
    rows: tuple[tuple[int, ...], ...] = ((first.row,),)
    if raw.get("outcomes") != [DECLINED] or any(_has_people(line) for line in lines):
        raw["groups"], rows = _groups(lines)
    record = first.said.get("record", "")
    return SpreadsheetRecord(
        parse_consultation(raw), record, first.row, rows, letters, tuple(faults)
    )


def _contradictions(first: _Line, line: _Line, letters: dict[str, str]) -> Iterator[CellError]:
    for code, said in line.said.items():
        if code not in PERSON_COLUMNS and said != first.said.get(code) and code not in first.wrong:
            yield CellError(line.row, letters[code], "not_the_same")


def _has_people(line: _Line) -> bool:
    return any(line.says(code) for code in PERSON_COLUMNS)


def _groups(lines: list[_Line]) -> tuple[list[dict[str, Any]], tuple[tuple[int, ...], ...]]:
    """The groups of a record, and the rows of their people; the same sex and age said twice adds up."""
    groups: dict[tuple[Any, ...], dict[tuple[Any, Any, int], dict[str, Any]]] = {}
    rows: dict[tuple[Any, ...], list[int]] = {}
    for line in lines:
        key = tuple(line.said.get(code) for code in SHARED_GROUP)
        people, mine = groups.setdefault(key, {}), rows.setdefault(key, [])
        sex, age, n = (line.said.get(code) for code in ("sex", "age_band", "n"))
        apart = 0 if sex and age and n is not None else line.row
        known = people.get((sex, age, apart))
        if known is None:
            people[(sex, age, apart)] = {"sex": sex, "age_band": age, "n": n}
            mine.append(line.row)
        else:
            known["n"] += n
    return [
        {**dict(zip(SHARED_GROUP, key, strict=True)), "persons": list(people.values())}
        for key, people in groups.items()
    ], tuple(tuple(mine) for mine in rows.values())
