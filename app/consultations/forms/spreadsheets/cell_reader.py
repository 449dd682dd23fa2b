"""Reads one cell into the value of the JSON field, or its error code; no result repeats the text of a cell."""

import re
from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any, TypeAlias

from app.check_codes import ALPHABET
from app.consultations.forms.spreadsheets.label_codes import AMBIGUOUS, codes_by_label, normalise
from app.privacy.identifiers import find_identifier
from app.spreadsheets.limits import CellValue, UnusableCell

CellAnswer: TypeAlias = tuple[Any, str]
"""The value of a cell, and its error code; the code is empty if the cell is valid."""
CODE_LIST_COLUMNS = frozenset({"topics", "outcomes", "flags"})
ISO_DAY = re.compile(
    r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ]\d{1,2}:\d{2}(?::\d{2})?)?", re.ASCII
)
DAY_FIRST = re.compile(
    r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?: \d{1,2}:\d{2}(?::\d{2})?)?", re.ASCII
)
AMBIGUOUS_DAY = re.compile(r"\d{1,2}([-/.])\d{1,2}\1\d{2}", re.ASCII)
WHOLE_NUMBER = re.compile(r"([0-9]{1,4})(?:\.0+)?")
SEPARATORS = re.compile(r"(?<!\s)\s*[;\n\r]\s*")
RECORD = re.compile(r"[\w][\w ./#-]{0,19}")
CARD = re.compile(rf"[{ALPHABET}OIL]{{15}}")
CACHE_SIZE = 5000


class CellReader:
    """Reads the cells of one column; caches valid words, so that each is looked up once."""

    def __init__(self, column: str, desks: Collection[str]) -> None:
        self.read = _reader(column, desks)
        self.cache: dict[str, CellAnswer] = {}

    def answer(self, value: CellValue) -> CellAnswer:
        """Return the value or the error code of a cell that is not empty."""
        if isinstance(value, str):
            return self.cache.get(value) or self._parse(value)
        if isinstance(value, UnusableCell):
            return None, value.value
        return self._checked(value, str(value))

    def _parse(self, value: str) -> CellAnswer:
        answer = self._checked(" ".join(value.split(" ")).strip(), value)
        if not answer[1] and len(self.cache) < CACHE_SIZE:
            self.cache[value] = answer
        return answer

    def _checked(self, value: CellValue, text: str) -> CellAnswer:
        parsed, error = self.read(value)
        if error and error != "day_unclear":
            return None, identifier_in(text) or error
        return parsed, error


def identifier_in(value: CellValue) -> str | None:
    """Return the code of the identifier rule that a cell violates, None if it violates none."""
    return None if value is None or isinstance(value, UnusableCell) else find_identifier(str(value))


def _reader(column: str, desks: Collection[str]) -> Callable[[CellValue], CellAnswer]:
    readers: dict[str, Callable[[CellValue], CellAnswer]] = {
        "record": _record,
        "desk": lambda value: _desk(value, desks),
        "held_on": _day,
        "n": _number,
        "card": _card,
    }
    if column in readers:
        return readers[column]
    codes = codes_by_label(column)
    if column in CODE_LIST_COLUMNS:
        return lambda value: _code_list(value, codes)
    return lambda value: _code(value, codes)


def _code(value: CellValue, codes: dict[str, str]) -> CellAnswer:
    code = codes.get(normalise(str(value)))
    if code is None:
        return None, "unknown_code"
    return (None, "ambiguous") if code == AMBIGUOUS else (code, "")


def _code_list(value: CellValue, codes: dict[str, str]) -> CellAnswer:
    values: list[str] = []
    for piece in SEPARATORS.split(str(value).strip(" ;\r\n\t")):
        found_codes = _split(piece, codes)
        if found_codes is None:
            return None, "unknown_code"
        values += found_codes
    return (None, "ambiguous") if AMBIGUOUS in values else (values, "")


def _split(piece: str, codes: dict[str, str]) -> list[str] | None:
    """Return the codes of labels between commas; a label may contain commas, so the longest match is taken."""
    parts = piece.split(",")[:100]
    values, start = [], 0
    while start < len(parts):
        for end in range(min(len(parts), start + 4), start, -1):
            code = codes.get(normalise(",".join(parts[start:end])))
            if code is not None:
                values.append(code)
                start = end
                break
        else:
            return None
    return values


def _record(value: CellValue) -> CellAnswer:
    text = _text_of_number(value)
    if identifier_in(text) or not RECORD.fullmatch(text):
        return None, "not_a_record_number"
    return normalise(text), ""


def _text_of_number(value: CellValue) -> str:
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if is_whole else value).strip()  # type: ignore[arg-type]


def _desk(value: CellValue, desks: Collection[str]) -> CellAnswer:
    code = str(value).strip().upper()
    return (code, "") if code in desks else (None, "not_your_desk")


def _number(value: CellValue) -> CellAnswer:
    if isinstance(value, (bool, date)):
        return None, "not_a_number"
    match = WHOLE_NUMBER.fullmatch(str(value).strip())
    return (int(match[1]), "") if match else (None, "not_a_number")


def _card(value: CellValue) -> CellAnswer:
    bare = re.sub(r"[\s-]", "", str(value)).upper()
    if CARD.fullmatch(bare):
        return str(value), ""
    return None, "card_mistyped"


def _day(value: CellValue) -> CellAnswer:
    if isinstance(value, date):
        return (value.date() if isinstance(value, datetime) else value).isoformat(), ""
    text = str(value)
    iso, day_first = ISO_DAY.fullmatch(text), DAY_FIRST.fullmatch(text)
    if iso:
        return _calendar(iso[1], iso[3], iso[4])
    if day_first:
        return _calendar(day_first[4], day_first[3], day_first[1])
    return None, "day_unclear" if AMBIGUOUS_DAY.fullmatch(text) else "not_a_date"


def _calendar(year: str, month: str, day: str) -> CellAnswer:
    try:
        return date(int(year), int(month), int(day)).isoformat(), ""
    except ValueError:
        return None, "day_unclear"
