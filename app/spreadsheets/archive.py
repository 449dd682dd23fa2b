"""Safe reading of the zip archive of an XLSX: its unpacked size is checked before and during unpacking."""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO
from xml.parsers import expat

from app.spreadsheets.limits import SpreadsheetLimits, UnreadableSpreadsheet

MAX_ENTRIES = 1000
MAX_RATIO = 200
RATIO_FREE_SIZE = 4 * 1024 * 1024
CHUNK_SIZE = 64 * 1024
MAX_PENDING = 1024 * 1024
ALLOWED_COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ALLOWED_ENCODINGS = frozenset({"utf-8", "us-ascii", "ascii", "iso-8859-1", None})
READ_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
Handlers = dict[str, Callable[..., None]]


class XlsxArchive:
    """The parts of an XLSX by name; every unpacked byte is counted against the limits."""

    def __init__(self, file: BinaryIO, size: int, limits: SpreadsheetLimits) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (*READ_ERRORS, ValueError) as error:
            raise UnreadableSpreadsheet("not_a_sheet") from error
        self._bytes_left = limits.unpacked * 2  # the chosen worksheet is searched before it is read
        self._elements_left = limits.elements
        self._refuse_unsafe(size, limits)

    def _refuse_unsafe(self, size: int, limits: SpreadsheetLimits) -> None:
        entries = self._zip.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        packed = sum(entry.compress_size for entry in entries)
        if any(entry.flag_bits & 1 for entry in entries):
            raise UnreadableSpreadsheet("locked")
        if any(entry.compress_type not in ALLOWED_COMPRESSION for entry in entries):
            raise UnreadableSpreadsheet("not_a_sheet")
        is_bomb = unpacked > RATIO_FREE_SIZE and unpacked > MAX_RATIO * max(size, 1)
        if len(entries) > MAX_ENTRIES or unpacked > limits.unpacked or packed > size or is_bomb:
            raise UnreadableSpreadsheet("zip_bomb")

    def __contains__(self, name: object) -> bool:
        return name in self._zip.namelist()

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the unpacked bytes of a part in chunks."""
        try:
            with self._zip.open(name) as part:
                while chunk := part.read(CHUNK_SIZE):
                    self._bytes_left -= len(chunk)
                    if self._bytes_left < 0:
                        raise UnreadableSpreadsheet("zip_bomb")
                    yield chunk
        except (*READ_ERRORS, KeyError) as error:
            raise UnreadableSpreadsheet("not_a_sheet") from error

    def parse(self, name: str, handlers: Handlers) -> Iterator[None]:
        """Parse a part's XML with handlers, yielding after each chunk; document type definitions are refused."""
        parser = _parser({**handlers, "StartElementHandler": self._counting(handlers)})
        fed_bytes = 0
        try:
            for chunk in self.chunks(name):
                parser.Parse(chunk, False)
                fed_bytes += len(chunk)
                if fed_bytes - parser.CurrentByteIndex > MAX_PENDING:
                    raise UnreadableSpreadsheet("not_a_sheet")
                yield
            parser.Parse(b"", True)
        except (expat.ExpatError, ValueError, OverflowError, LookupError) as error:
            raise UnreadableSpreadsheet("not_a_sheet") from error
        yield

    def _counting(self, handlers: Handlers) -> Callable[..., None]:
        """Return a handler of element starts that raises if there are too many."""
        start = handlers["StartElementHandler"]

        def count_and_start(name: str, attributes: dict[str, str]) -> None:
            self._elements_left -= 1
            if self._elements_left < 0:
                raise UnreadableSpreadsheet("too_large")
            start(name, attributes)

        return count_and_start


def _parser(handlers: Handlers) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    for name, handler in handlers.items():
        setattr(parser, name, handler)
    parser.StartDoctypeDeclHandler = _refuse_definitions
    parser.EntityDeclHandler = _refuse_definitions
    parser.XmlDeclHandler = _refuse_encoding
    return parser


def _refuse_definitions(*_arguments: object) -> None:
    raise UnreadableSpreadsheet("entities")


def _refuse_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    if (encoding.lower() if encoding else None) not in ALLOWED_ENCODINGS:
        raise UnreadableSpreadsheet("not_a_sheet")


class _LocalNames(dict[str, str]):
    """Cache of element names without prefix: called for every element, so it must be a look-up."""

    def __missing__(self, name: str) -> str:
        local = name.rpartition(":")[2]
        if len(self) < 1000:
            self[name] = local
        return local


local_name: Callable[[str], str] = _LocalNames().__getitem__
"""Return an element's name without its namespace prefix."""
