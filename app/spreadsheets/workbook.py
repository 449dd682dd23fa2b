"""The parts of an XLSX other than its cells: worksheets, shared texts, number formats that are dates."""

import posixpath
import re
from dataclasses import dataclass, field

from app.spreadsheets.archive import Handlers, XlsxArchive, local_name
from app.spreadsheets.limits import SpreadsheetLimits, UnreadableSpreadsheet

WORKBOOK = "xl/workbook.xml"
RELATIONSHIPS = "xl/_rels/workbook.xml.rels"
STYLES = "xl/styles.xml"
MAX_SHARED_TEXTS = 500_000
MAX_FORMAT_LENGTH = 255
"""The maximum that spreadsheet programs accept for a number format."""
FORMAT_LITERALS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
DATE_PATTERN = re.compile(r"[dDyY]|mm")
DATE_FORMATS = frozenset((*range(14, 18), 22, *range(27, 37), *range(50, 59)))


@dataclass
class Workbook:
    """The paths of the worksheets in order, the shared texts, the indexes of styles that show a date."""

    sheets: list[str] = field(default_factory=list)
    shared_texts: list[str] = field(default_factory=list)
    date_styles: frozenset[int] = frozenset()
    since_1904: bool = False


def open_workbook(archive: XlsxArchive, limits: SpreadsheetLimits) -> Workbook:
    """Return everything but the cells; raises UnreadableSpreadsheet."""
    if WORKBOOK not in archive or RELATIONSHIPS not in archive:
        raise UnreadableSpreadsheet("not_a_sheet")
    worksheets, texts_path = _relationships(archive)
    book = Workbook()
    ids: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if local_name(name) == "sheet":
            ids.extend(value for key, value in attributes.items() if local_name(key) == "id")
        elif local_name(name) == "workbookPr":
            book.since_1904 = attributes.get("date1904") in ("1", "true")

    for _ in archive.parse(WORKBOOK, {"StartElementHandler": start}):
        pass
    book.sheets = [worksheets[sheet_id] for sheet_id in ids if sheet_id in worksheets]
    book.shared_texts = _texts(archive, texts_path, limits) if texts_path in archive else []
    book.date_styles = _date_styles(archive) if STYLES in archive else frozenset()
    return book


def _relationships(archive: XlsxArchive) -> tuple[dict[str, str], str]:
    """Return the paths of the worksheets by id, and that of the shared texts."""
    worksheets: dict[str, str] = {}
    texts_path = ["xl/sharedStrings.xml"]

    def start(name: str, attributes: dict[str, str]) -> None:
        if local_name(name) != "Relationship":
            return
        kind = attributes.get("Type", "").rpartition("/")[2]
        target = attributes.get("Target", "")
        path = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
        if kind == "worksheet":
            worksheets[attributes.get("Id", "")] = path
        elif kind == "sharedStrings":
            texts_path[0] = path

    for _ in archive.parse(RELATIONSHIPS, {"StartElementHandler": start}):
        pass
    return worksheets, texts_path[0]


class _SharedTexts:
    """Collects shared texts, each truncated to one character more than the limit, so that the excess is detected."""

    def __init__(self, limits: SpreadsheetLimits) -> None:
        self.max_length = limits.characters + 1
        self.texts: list[str] = []
        self.parts: list[str] = []
        self.length = 0
        self.is_in_text = self.is_phonetic = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        element = local_name(name)
        if element == "si":
            self.parts, self.length = [], 0
        elif element == "rPh":
            self.is_phonetic = True
        elif element == "t":
            self.is_in_text = not self.is_phonetic

    def end(self, name: str) -> None:
        element = local_name(name)
        if element == "t":
            self.is_in_text = False
        elif element == "rPh":
            self.is_phonetic = False
        elif element == "si":
            if len(self.texts) >= MAX_SHARED_TEXTS:
                raise UnreadableSpreadsheet("too_large")
            self.texts.append("".join(self.parts)[: self.max_length])

    def text(self, text: str) -> None:
        if self.is_in_text and self.length < self.max_length:
            self.parts.append(text[: self.max_length])
            self.length += len(text)


def _texts(archive: XlsxArchive, path: str, limits: SpreadsheetLimits) -> list[str]:
    shared = _SharedTexts(limits)
    handlers: Handlers = {
        "StartElementHandler": shared.start,
        "EndElementHandler": shared.end,
        "CharacterDataHandler": shared.text,
    }
    for _ in archive.parse(path, handlers):
        pass
    return shared.texts


class _NumberFormats:
    """Collects the number format of each cell style."""

    def __init__(self) -> None:
        self.custom: dict[str, str] = {}
        self.by_style: list[str] = []
        self.is_in_styles = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        element = local_name(name)
        if element == "numFmt":
            code = attributes.get("formatCode", "")[:MAX_FORMAT_LENGTH]
            self.custom[attributes.get("numFmtId", "")] = code
        elif element == "cellXfs":
            self.is_in_styles = True
        elif element == "xf" and self.is_in_styles:
            self.by_style.append(attributes.get("numFmtId", "0"))

    def end(self, name: str) -> None:
        if local_name(name) == "cellXfs":
            self.is_in_styles = False


def _date_styles(archive: XlsxArchive) -> frozenset[int]:
    formats = _NumberFormats()
    handlers: Handlers = {
        "StartElementHandler": formats.start,
        "EndElementHandler": formats.end,
    }
    for _ in archive.parse(STYLES, handlers):
        pass
    return frozenset(
        style
        for style, format_id in enumerate(formats.by_style)
        if _is_date(format_id, formats.custom)
    )


def _is_date(format_id: str, custom: dict[str, str]) -> bool:
    if format_id in custom:
        return DATE_PATTERN.search(FORMAT_LITERALS.sub("", custom[format_id])) is not None
    return format_id.isascii() and format_id.isdecimal() and int(format_id[:6]) in DATE_FORMATS
