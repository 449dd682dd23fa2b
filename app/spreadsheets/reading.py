"""Reads a sheet whatever its kind: the rows that are not empty, from the one that names the columns on."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO

from app.spreadsheets import cells, text
from app.spreadsheets.archive import XlsxArchive
from app.spreadsheets.limits import SpreadsheetLimits, SheetRow, UnreadableSpreadsheet, CellValue
from app.spreadsheets.workbook import Workbook, open_workbook

ZIP, OLD = b"PK", b"\xd0\xcf\x11\xe0"
IsHeader = Callable[[list[CellValue]], bool]


def read_rows(file: BinaryIO, is_header: IsHeader, limits: SpreadsheetLimits) -> Iterator[SheetRow]:
    """The rows of the first worksheet, or of the CSV, whose first row names our columns; that row comes first.

    Raises Unreadable, also while rows are taken: who reads must forget what came before.
    """
    size = file.seek(0, 2)
    file.seek(0)
    start = file.read(4)
    if size > limits.size:
        raise UnreadableSpreadsheet("too_large")
    if start.startswith(OLD):
        raise UnreadableSpreadsheet("locked")
    if start.startswith(ZIP):
        rows = _of_workbook(XlsxArchive(file, size, limits), is_header, limits)
    else:
        rows = _with_header(text.rows_of(file, limits), is_header)
    yield from _at_most(rows, limits)


def _at_most(rows: Iterator[SheetRow], limits: SpreadsheetLimits) -> Iterator[SheetRow]:
    for place, row in enumerate(rows):
        if place > limits.rows:
            raise UnreadableSpreadsheet("too_many_rows", str(limits.rows))
        yield row


def _with_header(rows: Iterator[SheetRow], is_header: IsHeader) -> Iterator[SheetRow]:
    first = next(rows, None)
    if first is None or not is_header(first[1]):
        raise UnreadableSpreadsheet("no_header")
    return chain((first,), rows)


def _of_workbook(archive: XlsxArchive, is_header: IsHeader, limits: SpreadsheetLimits) -> Iterator[SheetRow]:
    book = open_workbook(archive, limits)
    named = [path for path in book.sheets if _is_ours(archive, path, book, limits, is_header)]
    if len(named) > 1:
        raise UnreadableSpreadsheet("several_sheets")
    looked_at = named or book.sheets[:1]
    for path in looked_at:
        merged = cells.merged_range(archive, path)
        if merged:
            raise UnreadableSpreadsheet("merged", merged)
    if not named:
        raise UnreadableSpreadsheet("no_header")
    return cells.rows_of(archive, named[0], book, limits)


def _is_ours(
    archive: XlsxArchive, path: str, book: Workbook, limits: SpreadsheetLimits, is_header: IsHeader
) -> bool:
    first = next(cells.rows_of(archive, path, book, limits), None)
    return first is not None and is_header(first[1])
