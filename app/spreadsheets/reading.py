"""Reads a sheet whatever its kind: the rows that are not empty, from the one that names the columns on."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO

from app.spreadsheets import cells, text
from app.spreadsheets.archive import Archive
from app.spreadsheets.limits import Limits, Row, Unreadable, Value
from app.spreadsheets.workbook import Workbook, open_workbook

ZIP, OLD = b"PK", b"\xd0\xcf\x11\xe0"
IsHeader = Callable[[list[Value]], bool]


def read_rows(file: BinaryIO, is_header: IsHeader, limits: Limits) -> Iterator[Row]:
    """The rows of the first worksheet, or of the CSV, whose first row names our columns; that row comes first.

    Raises Unreadable, also while rows are taken: who reads must forget what came before.
    """
    size = file.seek(0, 2)
    file.seek(0)
    start = file.read(4)
    if size > limits.size:
        raise Unreadable("too_large")
    if start.startswith(OLD):
        raise Unreadable("locked")
    if start.startswith(ZIP):
        rows = _of_workbook(Archive(file, size, limits), is_header, limits)
    else:
        rows = _with_header(text.rows_of(file, limits), is_header)
    yield from _at_most(rows, limits)


def _at_most(rows: Iterator[Row], limits: Limits) -> Iterator[Row]:
    for place, row in enumerate(rows):
        if place > limits.rows:
            raise Unreadable("too_many_rows", str(limits.rows))
        yield row


def _with_header(rows: Iterator[Row], is_header: IsHeader) -> Iterator[Row]:
    first = next(rows, None)
    if first is None or not is_header(first[1]):
        raise Unreadable("no_header")
    return chain((first,), rows)


def _of_workbook(archive: Archive, is_header: IsHeader, limits: Limits) -> Iterator[Row]:
    book = open_workbook(archive, limits)
    named = [path for path in book.sheets if _is_ours(archive, path, book, limits, is_header)]
    if len(named) > 1:
        raise Unreadable("several_sheets")
    looked_at = named or book.sheets[:1]
    for path in looked_at:
        merged = cells.merged_range(archive, path)
        if merged:
            raise Unreadable("merged", merged)
    if not named:
        raise Unreadable("no_header")
    return cells.rows_of(archive, named[0], book, limits)


def _is_ours(
    archive: Archive, path: str, book: Workbook, limits: Limits, is_header: IsHeader
) -> bool:
    first = next(cells.rows_of(archive, path, book, limits), None)
    return first is not None and is_header(first[1])
