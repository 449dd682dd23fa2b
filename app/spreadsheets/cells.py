"""Rows of one worksheet, streamed: formulas are marked and never evaluated, merged cells are refused."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from app.spreadsheets.archive import Handlers, XlsxArchive, local_name
from app.spreadsheets.limits import (
    CellValue,
    SheetRow,
    SpreadsheetLimits,
    UnreadableSpreadsheet,
    UnusableCell,
    column_name,
    is_blank,
)
from app.spreadsheets.workbook import Workbook

MERGED = re.compile(
    rb"<(?:\w+:)?mergeCell\b[^<>]*?\bref=[\"']([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"
)
MAX_COLUMN = 100_000
DIGITS = "0123456789"
DAY_ZERO = date(1899, 12, 30)
DAY_ZERO_1904 = date(1904, 1, 1)
WHOLE_NUMBER = re.compile(r"-?\d{1,15}")


def merged_range(archive: XlsxArchive, path: str) -> str | None:
    """Return the first range of merged cells of a worksheet, or None."""
    tail = b""
    for chunk in archive.chunks(path):
        match = MERGED.search(tail + chunk)
        if match:
            return match[1].decode()
        tail = chunk[-200:]
    return None


def rows_of(
    archive: XlsxArchive, path: str, book: Workbook, limits: SpreadsheetLimits
) -> Iterator[SheetRow]:
    """Yield the rows of a worksheet that are not empty."""
    builder = _RowBuilder(book, limits)
    handlers: Handlers = {
        "StartElementHandler": builder.start,
        "EndElementHandler": builder.end,
        "CharacterDataHandler": builder.text,
    }
    for _ in archive.parse(path, handlers):
        yield from builder.rows
        builder.rows.clear()


class _RowBuilder:
    """Builds rows from the XML of a worksheet, element by element."""

    def __init__(self, book: Workbook, limits: SpreadsheetLimits) -> None:
        self.book, self.limits = book, limits
        self.rows: list[SheetRow] = []
        self.number = 0
        self.cells: list[CellValue] = []
        self.column, self.kind, self.style = -1, "n", ""
        self.parts: list[str] = []
        self.length = 0
        self.is_in_value = self.is_formula = self.is_phonetic = False
        self.start_handlers: dict[str, Callable[[dict[str, str]], None]] = {
            "c": self._start_cell,
            "v": self._start_value,
            "t": self._start_value,
            "row": self._start_row,
            "f": self._start_formula,
            "rPh": self._start_phonetic,
            "mergeCell": self._refuse_merged,
        }

    def start(self, name: str, attributes: dict[str, str]) -> None:
        handler = self.start_handlers.get(local_name(name))
        if handler is not None:
            handler(attributes)

    def _start_value(self, _attributes: dict[str, str]) -> None:
        self.is_in_value = not self.is_phonetic

    def _start_formula(self, _attributes: dict[str, str]) -> None:
        self.is_formula = True

    def _start_phonetic(self, _attributes: dict[str, str]) -> None:
        self.is_phonetic = True

    def _refuse_merged(self, attributes: dict[str, str]) -> None:
        raise UnreadableSpreadsheet("merged", attributes.get("ref", "")[:20])

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = int(attributes["r"]) if "r" in attributes else self.number + 1
        if number <= self.number:
            raise UnreadableSpreadsheet("not_a_sheet")
        self.number, self.cells, self.column = number, [], -1

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        self.column = (
            COLUMNS[reference.rstrip(DIGITS)] if reference is not None else self.column + 1
        )
        self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
        self.parts, self.length, self.is_formula = [], 0, False

    def end(self, name: str) -> None:
        element = local_name(name)
        if element == "c":
            self._end_cell()
        elif element in ("v", "t"):
            self.is_in_value = False
        elif element == "row" and self.cells:
            self.rows.append((self.number, self.cells))
        elif element == "rPh":
            self.is_phonetic = False

    def text(self, text: str) -> None:
        if self.is_in_value and self.length <= self.limits.characters:
            self.parts.append(text)
            self.length += len(text)

    def _end_cell(self) -> None:
        if not (self.parts or self.is_formula):
            return
        value = UnusableCell.FORMULA if self.is_formula else self._value("".join(self.parts))
        if not is_blank(value):
            self._append(value)

    def _append(self, value: CellValue) -> None:
        if self.column >= self.limits.columns:
            raise UnreadableSpreadsheet("too_many_columns", column_name(self.limits.columns - 1))
        missing = self.column - len(self.cells)
        if missing < 0:
            raise UnreadableSpreadsheet("not_a_sheet")
        if missing:
            self.cells.extend([None] * missing)
        self.cells.append(value)

    def _value(self, text: str) -> CellValue:
        if self.kind == "s":
            index, texts = int(text), self.book.shared_texts
            return _limited(texts[index] if index < len(texts) else "", self.limits)
        if self.kind == "n":
            return self._number(text)
        if self.kind in ("b", "e"):
            return text == "1" if self.kind == "b" else UnusableCell.ERROR
        return _limited(text, self.limits)

    def _number(self, text: str) -> CellValue:
        number = int(text) if WHOLE_NUMBER.fullmatch(text) else float(text)
        if (
            not self.style
            or int(self.style) not in self.book.date_styles
            or not 0 < number < 2_900_000
        ):
            return number
        zero = DAY_ZERO_1904 if self.book.since_1904 else DAY_ZERO
        return zero + timedelta(days=int(number))


def _limited(text: str, limits: SpreadsheetLimits) -> CellValue:
    return text if len(text) <= limits.characters else UnusableCell.TOO_LONG


class _ColumnIndexes(dict[str, int]):
    """Cache of column indexes by name: A is 0."""

    def __missing__(self, name: str) -> int:
        number = 0
        for character in name[:4]:
            number = min(number * 26 + ord(character) - 64, MAX_COLUMN)
        if len(self) < 1000:
            self[name] = number - 1
        return number - 1


COLUMNS = _ColumnIndexes()
