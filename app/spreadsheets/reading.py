"""Rows of a spreadsheet, XLSX or CSV: those that are not empty, from the header row on."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO

from app.spreadsheets import cells, text
from app.spreadsheets.archive import XlsxArchive
from app.spreadsheets.limits import CellValue, SheetRow, SpreadsheetLimits, UnreadableSpreadsheet
from app.spreadsheets.workbook import Workbook, open_workbook

ZIP_MAGIC, XLS_MAGIC = b"PK", b"\xd0\xcf\x11\xe0"
HeaderTest = Callable[[list[CellValue]], bool]


def read_rows(
    file: BinaryIO, is_header: HeaderTest, limits: SpreadsheetLimits
) -> Iterator[SheetRow]:
    """Yield the rows of the only worksheet, or of the CSV, whose first row is a header; the header comes first.

    Raises UnreadableSpreadsheet, also after some rows: the caller must then discard those.
    """
    size = file.seek(0, 2)
    file.seek(0)
    start = file.read(4)
    if size > limits.size:
        raise UnreadableSpreadsheet("too_large")
    if start.startswith(XLS_MAGIC):
        raise UnreadableSpreadsheet("locked")
    if start.startswith(ZIP_MAGIC):
        rows = _workbook_rows(XlsxArchive(file, size, limits), is_header, limits)
    else:
        rows = _require_header(text.rows_of(file, limits), is_header)
    yield from _limit_rows(rows, limits)


def _limit_rows(rows: Iterator[SheetRow], limits: SpreadsheetLimits) -> Iterator[SheetRow]:
    for index, row in enumerate(rows):
        if index > limits.rows:
            raise UnreadableSpreadsheet("too_many_rows", str(limits.rows))
        yield row


def _require_header(rows: Iterator[SheetRow], is_header: HeaderTest) -> Iterator[SheetRow]:
    first = next(rows, None)
    if first is None or not is_header(first[1]):
        raise UnreadableSpreadsheet("no_header")
    return chain((first,), rows)


def _workbook_rows(
    archive: XlsxArchive, is_header: HeaderTest, limits: SpreadsheetLimits
) -> Iterator[SheetRow]:
    book = open_workbook(archive, limits)
    matching = [path for path in book.sheets if _has_header(archive, path, book, limits, is_header)]
    if len(matching) > 1:
        raise UnreadableSpreadsheet("several_sheets")
    for path in matching or book.sheets[:1]:
        merged = cells.merged_range(archive, path)
        if merged:
            raise UnreadableSpreadsheet("merged", merged)
    if not matching:
        raise UnreadableSpreadsheet("no_header")
    return cells.rows_of(archive, matching[0], book, limits)


def _has_header(
    archive: XlsxArchive,
    path: str,
    book: Workbook,
    limits: SpreadsheetLimits,
    is_header: HeaderTest,
) -> bool:
    first = next(cells.rows_of(archive, path, book, limits), None)
    return first is not None and is_header(first[1])
