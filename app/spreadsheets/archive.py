"""Opens the zip that an XLSX is: how much it unpacks to is checked before anything is unpacked, and while it is."""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO
from xml.parsers import expat

from app.spreadsheets.limits import SpreadsheetLimits, UnreadableSpreadsheet

ENTRIES = 1000
RATIO = 200
SMALL = 4 * 1024 * 1024
CHUNK = 64 * 1024
PENDING = 1024 * 1024
PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCODINGS = frozenset({"utf-8", "us-ascii", "ascii", "iso-8859-1", None})
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
Handlers = dict[str, Callable[..., None]]


class XlsxArchive:
    """The parts of an XLSX by name; every byte that is unpacked counts."""

    def __init__(self, file: BinaryIO, size: int, limits: SpreadsheetLimits) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (*BROKEN, ValueError) as broken:
            raise UnreadableSpreadsheet("not_a_sheet") from broken
        self._left = limits.unpacked * 2  # the chosen worksheet is looked through before it is read
        self._elements = limits.elements
        self._refuse_strange(size, limits)

    def _refuse_strange(self, size: int, limits: SpreadsheetLimits) -> None:
        entries = self._zip.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        packed = sum(entry.compress_size for entry in entries)
        if any(entry.flag_bits & 1 for entry in entries):
            raise UnreadableSpreadsheet("locked")
        if any(entry.compress_type not in PLAIN for entry in entries):
            raise UnreadableSpreadsheet("not_a_sheet")
        swollen = unpacked > SMALL and unpacked > RATIO * max(size, 1)
        if len(entries) > ENTRIES or unpacked > limits.unpacked or packed > size or swollen:
            raise UnreadableSpreadsheet("zip_bomb")

    def __contains__(self, name: object) -> bool:
        return name in self._zip.namelist()

    def chunks(self, name: str) -> Iterator[bytes]:
        """The unpacked bytes of a part, a little at a time."""
        try:
            with self._zip.open(name) as part:
                while chunk := part.read(CHUNK):
                    self._left -= len(chunk)
                    if self._left < 0:
                        raise UnreadableSpreadsheet("zip_bomb")
                    yield chunk
        except (*BROKEN, KeyError) as broken:
            raise UnreadableSpreadsheet("not_a_sheet") from broken

    def parse(self, name: str, handlers: Handlers) -> Iterator[None]:
        """Sends a part's XML to handlers, yielding after each little; definitions (DTD) are refused, not read."""
        parser = _parser({**handlers, "StartElementHandler": self._counted(handlers)})
        fed = 0
        try:
            for chunk in self.chunks(name):
                parser.Parse(chunk, False)
                fed += len(chunk)
                if fed - parser.CurrentByteIndex > PENDING:
                    raise UnreadableSpreadsheet("not_a_sheet")
                yield
            parser.Parse(b"", True)
        except (expat.ExpatError, ValueError, OverflowError, LookupError) as broken:
            raise UnreadableSpreadsheet("not_a_sheet") from broken
        yield

    def _counted(self, handlers: Handlers) -> Callable[..., None]:
        """The handler of a part's elements, which ends the reading where there are far too many."""
        start = handlers["StartElementHandler"]

        def counted(name: str, said: dict[str, str]) -> None:
            self._elements -= 1
            if self._elements < 0:
                raise UnreadableSpreadsheet("too_large")
            start(name, said)

        return counted


def _parser(handlers: Handlers) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    for name, handler in handlers.items():
        setattr(parser, name, handler)
    parser.StartDoctypeDeclHandler = _refuse_definitions
    parser.EntityDeclHandler = _refuse_definitions
    parser.XmlDeclHandler = _refuse_encoding
    return parser


def _refuse_definitions(*_said: object) -> None:
    raise UnreadableSpreadsheet("entities")


def _refuse_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    if (encoding.lower() if encoding else None) not in ENCODINGS:
        raise UnreadableSpreadsheet("not_a_sheet")


class _Local(dict[str, str]):
    """Names of elements without their prefix; asked so often that a look-up must do."""

    def __missing__(self, name: str) -> str:
        plain = name.rpartition(":")[2]
        if len(self) < 1000:
            self[name] = plain
        return plain


local: Callable[[str], str] = _Local().__getitem__
"""An element's name without its prefix."""
