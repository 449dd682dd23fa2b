"""Streams the rows of one worksheet: formulas are marked and never evaluated, merged cells refused."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from app.spreadsheets.archive import XlsxArchive, Handlers, local
from app.spreadsheets.limits import SpreadsheetLimits, UnusableCell, SheetRow, UnreadableSpreadsheet, CellValue, is_blank, column_name
from app.spreadsheets.workbook import Workbook

MERGED = re.compile(
    rb"<(?:\w+:)?mergeCell\b[^<>]*?\bref=[\"']([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"
)
FAR = 100_000
DIGITS = "0123456789"
DAY_ZERO = date(1899, 12, 30)
DAY_ZERO_1904 = date(1904, 1, 1)
WHOLE = re.compile(r"-?\d{1,15}")


def merged_range(archive: XlsxArchive, path: str) -> str | None:
    """The first range of merged cells of a worksheet, None where there is none."""
    before = b""
    for chunk in archive.chunks(path):
        found = MERGED.search(before + chunk)
        if found:
            return found[1].decode()
        before = chunk[-200:]
    return None


def rows_of(archive: XlsxArchive, path: str, book: Workbook, limits: SpreadsheetLimits) -> Iterator[SheetRow]:
    """The rows of a worksheet that are not empty, in a stream."""
    stream = _Stream(book, limits)
    handlers: Handlers = {
        "StartElementHandler": stream.start,
        "EndElementHandler": stream.end,
        "CharacterDataHandler": stream.said,
    }
    for _ in archive.parse(path, handlers):
        yield from stream.rows
        stream.rows.clear()


class _Stream:
    """Takes the XML of a worksheet element by element and puts rows together."""

    def __init__(self, book: Workbook, limits: SpreadsheetLimits) -> None:
        self.book, self.limits = book, limits
        self.rows: list[SheetRow] = []
        self.number = 0
        self.cells: list[CellValue] = []
        self.column, self.kind, self.style = -1, "n", ""
        self.parts: list[str] = []
        self.length = 0
        self.inside = self.formula = self.spoken = False
        self.begins: dict[str, Callable[[dict[str, str]], None]] = {
            "c": self._start_cell,
            "v": self._start_value,
            "t": self._start_value,
            "row": self._start_row,
            "f": self._start_formula,
            "rPh": self._start_spoken,
            "mergeCell": self._merge,
        }

    def start(self, name: str, said: dict[str, str]) -> None:
        begin = self.begins.get(local(name))
        if begin is not None:
            begin(said)

    def _start_value(self, _said: dict[str, str]) -> None:
        self.inside = not self.spoken

    def _start_formula(self, _said: dict[str, str]) -> None:
        self.formula = True

    def _start_spoken(self, _said: dict[str, str]) -> None:
        self.spoken = True

    def _merge(self, said: dict[str, str]) -> None:
        raise UnreadableSpreadsheet("merged", said.get("ref", "")[:20])

    def _start_row(self, said: dict[str, str]) -> None:
        number = int(said["r"]) if "r" in said else self.number + 1
        if number <= self.number:
            raise UnreadableSpreadsheet("not_a_sheet")
        self.number, self.cells, self.column = number, [], -1

    def _start_cell(self, said: dict[str, str]) -> None:
        self.column = COLUMNS[said["r"].rstrip(DIGITS)] if "r" in said else self.column + 1
        self.kind, self.style = said.get("t", "n"), said.get("s", "")
        self.parts, self.length, self.formula = [], 0, False

    def end(self, name: str) -> None:
        kind = local(name)
        if kind == "c":
            self._end_cell()
        elif kind in ("v", "t"):
            self.inside = False
        elif kind == "row" and self.cells:
            self.rows.append((self.number, self.cells))
        elif kind == "rPh":
            self.spoken = False

    def said(self, text: str) -> None:
        if self.inside and self.length <= self.limits.characters:
            self.parts.append(text)
            self.length += len(text)

    def _end_cell(self) -> None:
        if not (self.parts or self.formula):
            return
        value = UnusableCell.FORMULA if self.formula else self._value("".join(self.parts))
        if not is_blank(value):
            self._keep(value)

    def _keep(self, value: CellValue) -> None:
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
            place = int(text)
            return _short(
                self.book.texts[place] if place < len(self.book.texts) else "", self.limits
            )
        if self.kind == "n":
            return self._number(text)
        if self.kind in ("b", "e"):
            return text == "1" if self.kind == "b" else UnusableCell.ERROR
        return _short(text, self.limits)

    def _number(self, text: str) -> CellValue:
        number = int(text) if WHOLE.fullmatch(text) else float(text)
        if not self.style or int(self.style) not in self.book.dates or not 0 < number < 2_900_000:
            return number
        zero = DAY_ZERO_1904 if self.book.since_1904 else DAY_ZERO
        return zero + timedelta(days=int(number))


def _short(text: str, limits: SpreadsheetLimits) -> CellValue:
    return text if len(text) <= limits.characters else UnusableCell.TOO_LONG


class _Columns(dict[str, int]):
    """Places of columns by their letters: A is 0."""

    def __missing__(self, letters: str) -> int:
        place = 0
        for sign in letters[:4]:
            place = min(place * 26 + ord(sign) - 64, FAR)
        if len(self) < 1000:
            self[letters] = place - 1
        return place - 1


COLUMNS = _Columns()
