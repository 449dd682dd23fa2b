"""Streams the rows of a CSV: UTF-8, else the Latin alphabet of Windows; comma, semicolon or tab."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from app.spreadsheets.limits import SpreadsheetLimits, UnusableCell, SheetRow, UnreadableSpreadsheet, CellValue, is_blank, column_name

CHUNK = 64 * 1024
LONGEST_LINE = 1024 * 1024
SAID = re.compile(r"sep=([,;\t])\s*", re.I)
QUOTED = re.compile(r'"[^"]*"')


def rows_of(file: BinaryIO, limits: SpreadsheetLimits) -> Iterator[SheetRow]:
    """The rows of a CSV that are not empty, in a stream; a blank line counts as a row, as a spreadsheet shows it."""
    _refuse_more_lines(file, limits)
    encoding = _encoding(file)
    separator = _separator(file, encoding)
    file.seek(0)
    stream = io.TextIOWrapper(file, encoding=encoding, newline="")
    number = 0
    try:
        for number, cells in enumerate(csv.reader(stream, delimiter=separator), 1):
            if number > limits.lines:
                raise UnreadableSpreadsheet("too_many_rows", str(limits.rows))
            said = number == 1 and SAID.fullmatch(separator.join(cells))
            row = [] if said else _row(cells, limits)
            if row:
                yield number, row
    except csv.Error as broken:
        raise UnreadableSpreadsheet("open_quote", str(number + 1)) from broken
    finally:
        if not file.closed:
            stream.detach()


def _refuse_more_lines(file: BinaryIO, limits: SpreadsheetLimits) -> None:
    file.seek(0)
    if sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(CHUNK), b"")) > limits.lines:
        raise UnreadableSpreadsheet("too_many_rows", str(limits.rows))


def _row(cells: list[str], limits: SpreadsheetLimits) -> list[CellValue]:
    beyond = cells[limits.columns :]
    if any(beyond) and any(cell.strip() for cell in beyond):
        raise UnreadableSpreadsheet("too_many_columns", column_name(limits.columns - 1))
    row = [_value(cell, limits) for cell in cells[: limits.columns]] if any(cells) else []
    while row and is_blank(row[-1]):
        row.pop()
    return row


def _value(cell: str, limits: SpreadsheetLimits) -> CellValue:
    return cell if len(cell) <= limits.characters else UnusableCell.TOO_LONG


def _encoding(file: BinaryIO) -> str:
    """How the whole file is written; raises Unreadable where it is no text."""
    for encoding in ("utf-8-sig", "cp1252"):
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while chunk := file.read(CHUNK):
                if b"\0" in chunk:
                    raise UnreadableSpreadsheet("not_a_sheet")
                decoder.decode(chunk)
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise UnreadableSpreadsheet("not_a_sheet")


def _separator(file: BinaryIO, encoding: str) -> str:
    """The separator of the first line that is not empty."""
    file.seek(0)
    for raw in iter(lambda: file.readline(LONGEST_LINE), b""):
        line = raw.decode(encoding, "replace").strip("\r\n")
        said = SAID.fullmatch(line)
        if said:
            return said[1]
        if line.strip(" ,;\t"):
            plain = QUOTED.sub("", line)
            return max(";\t,", key=plain.count)
    raise UnreadableSpreadsheet("no_header")
