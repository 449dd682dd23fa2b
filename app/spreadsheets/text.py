"""Rows of a CSV, streamed: UTF-8, else Windows-1252; comma, semicolon or tab."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from app.spreadsheets.limits import (
    CellValue,
    SheetRow,
    SpreadsheetLimits,
    UnreadableSpreadsheet,
    UnusableCell,
    column_name,
    is_blank,
)

CHUNK_SIZE = 64 * 1024
MAX_LINE_LENGTH = 1024 * 1024
SEPARATOR_LINE = re.compile(r"sep=([,;\t])\s*", re.I)
QUOTED = re.compile(r'"[^"]*"')


def rows_of(file: BinaryIO, limits: SpreadsheetLimits) -> Iterator[SheetRow]:
    """Yield the rows of a CSV that are not empty; row numbers include blank lines, as a spreadsheet shows them."""
    _refuse_too_many_lines(file, limits)
    encoding = _encoding(file)
    separator = _separator(file, encoding)
    file.seek(0)
    stream = io.TextIOWrapper(file, encoding=encoding, newline="")
    number = 0
    try:
        for number, cells in enumerate(csv.reader(stream, delimiter=separator), 1):
            if number > limits.lines:
                raise UnreadableSpreadsheet("too_many_rows", str(limits.rows))
            is_separator = number == 1 and SEPARATOR_LINE.fullmatch(separator.join(cells))
            row = [] if is_separator else _row(cells, limits)
            if row:
                yield number, row
    except csv.Error as error:
        raise UnreadableSpreadsheet("open_quote", str(number + 1)) from error
    finally:
        if not file.closed:
            stream.detach()


def _refuse_too_many_lines(file: BinaryIO, limits: SpreadsheetLimits) -> None:
    file.seek(0)
    if sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(CHUNK_SIZE), b"")) > limits.lines:
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
    """Return the encoding of the whole file; raises UnreadableSpreadsheet if it is not text."""
    for encoding in ("utf-8-sig", "cp1252"):
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while chunk := file.read(CHUNK_SIZE):
                if b"\0" in chunk:
                    raise UnreadableSpreadsheet("not_a_sheet")
                decoder.decode(chunk)
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise UnreadableSpreadsheet("not_a_sheet")


def _separator(file: BinaryIO, encoding: str) -> str:
    """Return the separator of the first line that is not empty, or the one that a `sep=` line names."""
    file.seek(0)
    for raw in iter(lambda: file.readline(MAX_LINE_LENGTH), b""):
        line = raw.decode(encoding, "replace").strip("\r\n")
        separator_line = SEPARATOR_LINE.fullmatch(line)
        if separator_line:
            return separator_line[1]
        if line.strip(" ,;\t"):
            unquoted = QUOTED.sub("", line)
            return max(";\t,", key=unquoted.count)
    raise UnreadableSpreadsheet("no_header")
