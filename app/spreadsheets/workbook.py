"""What a workbook says beside its cells: its worksheets, its shared texts, which formats are dates."""

import posixpath
import re
from dataclasses import dataclass, field

from app.spreadsheets.archive import XlsxArchive, Handlers, local
from app.spreadsheets.limits import SpreadsheetLimits, UnreadableSpreadsheet

BOOK = "xl/workbook.xml"
LINKS = "xl/_rels/workbook.xml.rels"
STYLES = "xl/styles.xml"
MOST_TEXTS = 500_000
LONGEST_FORMAT = 255
"""So many characters a spreadsheet lets somebody write for a format of numbers."""
NOT_A_PATTERN = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
DAY_PATTERN = re.compile(r"[dDyY]|mm")
DATE_FORMATS = frozenset((*range(14, 18), 22, *range(27, 37), *range(50, 59)))


@dataclass
class Workbook:
    """The paths of the worksheets in their order, the shared texts, the styles that show a date."""

    sheets: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    dates: frozenset[int] = frozenset()
    since_1904: bool = False


def open_workbook(archive: XlsxArchive, limits: SpreadsheetLimits) -> Workbook:
    """Reads everything but the cells."""
    if BOOK not in archive or LINKS not in archive:
        raise UnreadableSpreadsheet("not_a_sheet")
    targets, texts = _links(archive)
    book = Workbook()
    ids: list[str] = []

    def start(name: str, said: dict[str, str]) -> None:
        if local(name) == "sheet":
            ids.extend(value for key, value in said.items() if local(key) == "id")
        elif local(name) == "workbookPr":
            book.since_1904 = said.get("date1904") in ("1", "true")

    for _ in archive.parse(BOOK, {"StartElementHandler": start}):
        pass
    book.sheets = [targets[one] for one in ids if one in targets]
    book.texts = _texts(archive, texts, limits) if texts in archive else []
    book.dates = _date_styles(archive) if STYLES in archive else frozenset()
    return book


def _links(archive: XlsxArchive) -> tuple[dict[str, str], str]:
    """The paths of worksheets by id, and of the shared texts."""
    targets: dict[str, str] = {}
    texts = ["xl/sharedStrings.xml"]

    def start(name: str, said: dict[str, str]) -> None:
        if local(name) != "Relationship":
            return
        kind = said.get("Type", "").rpartition("/")[2]
        path = posixpath.normpath(posixpath.join("/xl", said.get("Target", ""))).lstrip("/")
        if kind == "worksheet":
            targets[said.get("Id", "")] = path
        elif kind == "sharedStrings":
            texts[0] = path

    for _ in archive.parse(LINKS, {"StartElementHandler": start}):
        pass
    return targets, texts[0]


class _Texts:
    """Collects shared texts; one that is too long is kept just long enough to be told."""

    def __init__(self, limits: SpreadsheetLimits) -> None:
        self.most = limits.characters + 1
        self.found: list[str] = []
        self.parts: list[str] = []
        self.length = 0
        self.inside = self.spoken = False

    def start(self, name: str, _said: dict[str, str]) -> None:
        kind = local(name)
        if kind == "si":
            self.parts, self.length = [], 0
        elif kind == "rPh":
            self.spoken = True
        elif kind == "t":
            self.inside = not self.spoken

    def end(self, name: str) -> None:
        kind = local(name)
        if kind == "t":
            self.inside = False
        elif kind == "rPh":
            self.spoken = False
        elif kind == "si":
            if len(self.found) >= MOST_TEXTS:
                raise UnreadableSpreadsheet("too_large")
            self.found.append("".join(self.parts)[: self.most])

    def said(self, text: str) -> None:
        if self.inside and self.length < self.most:
            self.parts.append(text[: self.most])
            self.length += len(text)


def _texts(archive: XlsxArchive, path: str, limits: SpreadsheetLimits) -> list[str]:
    texts = _Texts(limits)
    handlers: Handlers = {
        "StartElementHandler": texts.start,
        "EndElementHandler": texts.end,
        "CharacterDataHandler": texts.said,
    }
    for _ in archive.parse(path, handlers):
        pass
    return texts.found


class _Styles:
    """Collects the formats of numbers by style."""

    def __init__(self) -> None:
        self.own: dict[str, str] = {}
        self.formats: list[str] = []
        self.within = False

    def start(self, name: str, said: dict[str, str]) -> None:
        kind = local(name)
        if kind == "numFmt":
            self.own[said.get("numFmtId", "")] = said.get("formatCode", "")[:LONGEST_FORMAT]
        elif kind == "cellXfs":
            self.within = True
        elif kind == "xf" and self.within:
            self.formats.append(said.get("numFmtId", "0"))

    def end(self, name: str) -> None:
        if local(name) == "cellXfs":
            self.within = False


def _date_styles(archive: XlsxArchive) -> frozenset[int]:
    styles = _Styles()
    for _ in archive.parse(
        STYLES, {"StartElementHandler": styles.start, "EndElementHandler": styles.end}
    ):
        pass
    return frozenset(n for n, known in enumerate(styles.formats) if _is_date(known, styles.own))


def _is_date(known: str, own: dict[str, str]) -> bool:
    if known in own:
        return DAY_PATTERN.search(NOT_A_PATTERN.sub("", own[known])) is not None
    return known.isascii() and known.isdecimal() and int(known[:6]) in DATE_FORMATS
