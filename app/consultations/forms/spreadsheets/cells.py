"""Reads one cell into what the JSON of a consultation says there, or names what is wrong; never repeats a text."""

import re
from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any, TypeAlias

from app.check_codes import ALPHABET
from app.consultations.forms.spreadsheets.label_codes import AMBIGUOUS, codes_by_label, normalise
from app.privacy.identifiers import find_identifier
from app.spreadsheets.limits import Odd, Value

CellAnswer: TypeAlias = tuple[Any, str]
"""What the cell says, and the code of what is wrong with it (empty where nothing is)."""
CODES = frozenset({"topics", "outcomes", "flags"})
ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ]\d{1,2}:\d{2}(?::\d{2})?)?", re.ASCII)
DAY_FIRST = re.compile(
    r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?: \d{1,2}:\d{2}(?::\d{2})?)?", re.ASCII
)
LIKE_A_DAY = re.compile(r"\d{1,2}([-/.])\d{1,2}\1\d{2}", re.ASCII)
WHOLE = re.compile(r"([0-9]{1,4})(?:\.0+)?")
BETWEEN = re.compile(r"(?<!\s)\s*[;\n\r]\s*")
RECORD = re.compile(r"[\w][\w ./#-]{0,19}")
CARD = re.compile(rf"[{ALPHABET}OIL]{{15}}")
MOST_REMEMBERED = 5000


class CellReader:
    """Reads the cells of one column; valid words are remembered, so that a word is looked up once."""

    def __init__(self, column: str, desks: Collection[str]) -> None:
        self.read = _reader(column, desks)
        self.known: dict[str, CellAnswer] = {}

    def answer(self, value: Value) -> CellAnswer:
        """What a cell that is not empty says."""
        if isinstance(value, str):
            known = self.known.get(value)
            if known is None:
                known = self.answer_anew(value)
            return known
        if isinstance(value, Odd):
            return None, value.value
        return self._checked(value, str(value))

    def answer_anew(self, value: str) -> CellAnswer:
        """What a text says that was not met before."""
        said = self._checked(" ".join(value.split(" ")).strip(), value)
        if not said[1] and len(self.known) < MOST_REMEMBERED:
            self.known[value] = said
        return said

    def _checked(self, value: Value, text: str) -> CellAnswer:
        said, wrong = self.read(value)
        if wrong and wrong != "day_unclear":
            return None, identifier_in(text) or wrong
        return said, wrong


def identifier_in(value: Value) -> str | None:
    """The rule that a cell meets of those against identifiers, None where it meets none."""
    return None if value is None or isinstance(value, Odd) else find_identifier(str(value))


def _reader(column: str, desks: Collection[str]) -> Callable[[Value], CellAnswer]:
    own: dict[str, Callable[[Value], CellAnswer]] = {
        "record": _record,
        "desk": lambda value: _desk(value, desks),
        "held_on": _day,
        "n": _number,
        "card": _card,
    }
    if column in own:
        return own[column]
    words = codes_by_label(column)
    if column in CODES:
        return lambda value: _many(value, words)
    return lambda value: _one(value, words)


def _one(value: Value, words: dict[str, str]) -> CellAnswer:
    code = words.get(normalise(str(value)))
    if code is None:
        return None, "unknown_code"
    return (None, "ambiguous") if code == AMBIGUOUS else (code, "")


def _many(value: Value, words: dict[str, str]) -> CellAnswer:
    codes: list[str] = []
    for piece in BETWEEN.split(str(value).strip(" ;\r\n\t")):
        read = _pieces(piece, words)
        if read is None:
            return None, "unknown_code"
        codes += read
    return (None, "ambiguous") if AMBIGUOUS in codes else (codes, "")


def _pieces(piece: str, words: dict[str, str]) -> list[str] | None:
    """The codes of words between commas; a label may hold a comma itself, so the longest one goes first."""
    parts = piece.split(",")[:100]
    codes, start = [], 0
    while start < len(parts):
        for end in range(min(len(parts), start + 4), start, -1):
            code = words.get(normalise(",".join(parts[start:end])))
            if code is not None:
                codes.append(code)
                start = end
                break
        else:
            return None
    return codes


def _record(value: Value) -> CellAnswer:
    text = _whole_text(value)
    if identifier_in(text) or not RECORD.fullmatch(text):
        return None, "not_a_record_number"
    return normalise(text), ""


def _whole_text(value: Value) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value).strip()  # type: ignore[arg-type]


def _desk(value: Value, desks: Collection[str]) -> CellAnswer:
    code = str(value).strip().upper()
    return (code, "") if code in desks else (None, "not_your_desk")


def _number(value: Value) -> CellAnswer:
    if isinstance(value, (bool, date)):
        return None, "not_a_number"
    found = WHOLE.fullmatch(str(value).strip())
    return (int(found[1]), "") if found else (None, "not_a_number")


def _card(value: Value) -> CellAnswer:
    bare = re.sub(r"[\s-]", "", str(value)).upper()
    if CARD.fullmatch(bare):
        return str(value), ""
    return None, "card_mistyped"


def _day(value: Value) -> CellAnswer:
    if isinstance(value, date):
        return (value.date() if isinstance(value, datetime) else value).isoformat(), ""
    text = str(value)
    iso, day_first = ISO.fullmatch(text), DAY_FIRST.fullmatch(text)
    if iso:
        return _calendar(iso[1], iso[3], iso[4])
    if day_first:
        return _calendar(day_first[4], day_first[3], day_first[1])
    return None, "day_unclear" if LIKE_A_DAY.fullmatch(text) else "not_a_date"


def _calendar(year: str, month: str, day: str) -> CellAnswer:
    try:
        return date(int(year), int(month), int(day)).isoformat(), ""
    except ValueError:
        return None, "day_unclear"
