"""The file of a backup: a tar of `manifest.json`, the database and `checksum.txt`, of which every byte is covered.

`checksum.txt` holds the SHA-256 of everything before it, and the HMAC-SHA-256 of that digest with AUDIT_KEY. What
follows the digested part (the last member, its padding and the end of the tar) is the same for every reader, so it
is written again and compared: no byte can change, be added or be missing. `tar -xf` opens a backup without this
program. It is written from the first byte to the last, so that a stream can be put around it.
"""

import hmac
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from app.ops.rules import (
    BACKUP_FORMAT,
    PAYLOADS,
    PLAIN_COPIES,
    Manifest,
    Refused,
    manifest_text,
    read_manifest,
)

MANIFEST, CHECKSUM = "manifest.json", "checksum.txt"
BLOCK, PIECE = tarfile.BLOCKSIZE, 2**20
END = bytes(2 * BLOCK)
ENDING_BYTES = 2 * BLOCK + len(END)
LONGEST_MANIFEST = 2**20
SEAL = re.compile(rb"HMAC-SHA-256 \(AUDIT_KEY\) of that digest: ([0-9a-f]{64})\n")


@dataclass(frozen=True)
class Archive:
    """A backup whose checksum and layout hold."""

    manifest: Manifest
    file: BinaryIO
    payload_at: int

    def payload(self) -> Iterator[bytes]:
        """The bytes of the database, piece by piece; Refused at the end if they are not those promised."""
        digest = sha256()
        for piece in _pieces(self.file, self.payload_at, self.manifest.payload_bytes):
            digest.update(piece)
            yield piece
        if digest.hexdigest() != self.manifest.payload_sha256:
            raise Refused("The database in this backup is not the one of its manifest.")


def digest_of(path: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file."""
    with path.open("rb") as file:
        size = path.stat().st_size
        return size, _digest(_pieces(file, 0, size))


def write(target: Path, manifest: Manifest, payload: Path, key: str) -> None:
    """Writes a backup of which the manifest tells; sealed with the key."""
    digest, size = sha256(), 0
    with target.open("wb") as out, payload.open("rb") as database:
        for piece in _content(manifest, database):
            digest.update(piece)
            size += out.write(piece)
        found = digest.hexdigest()
        out.write(_ending(size, found, _seal(key, found)))


def _content(manifest: Manifest, database: BinaryIO) -> Iterator[bytes]:
    text = manifest_text(manifest)
    yield _header(MANIFEST, len(text)) + _padded(text)
    yield _header(PAYLOADS[manifest.database], manifest.payload_bytes)
    yield from _pieces(database, 0, manifest.payload_bytes)
    yield bytes(-manifest.payload_bytes % BLOCK)


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member.tobuf(tarfile.GNU_FORMAT)


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % BLOCK)


def _ending(size: int, digest: str, seal: str) -> bytes:
    text = (
        f"SHA-256 of the first {size} bytes: {digest}\n"
        f"HMAC-SHA-256 (AUDIT_KEY) of that digest: {seal}\n"
    ).encode()
    return _header(CHECKSUM, len(text)) + _padded(text) + END


def _seal(key: str, digest: str) -> str:
    return hmac.new(key.encode(), f"{BACKUP_FORMAT} {digest}".encode(), sha256).hexdigest()


@contextmanager
def opened(path: Path, key: str | None) -> Iterator[Archive]:
    """A backup to restore, read whole and checked first; without a key, whoever sealed it. Raises Refused."""
    try:
        if not path.is_file():
            raise Refused(f"{path} cannot be read: there is no such file.")
        file = path.open("rb")
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from None
    with file:
        size = os.fstat(file.fileno()).st_size
        _refuse_foreign(file, path)
        _refuse_damaged(file, size, path, key)
        yield _opened(file, size)


def _refuse_foreign(file: BinaryIO, path: Path) -> None:
    start = file.read(BLOCK)
    for magic, what in PLAIN_COPIES.items():
        if start.startswith(magic):
            raise Refused(
                f"{path} is not a backup but a plain {what} without a checksum: what an earlier "
                "release made is restored with that release."
            )
    if not start.startswith(MANIFEST.encode() + b"\0"):
        raise Refused(f"{path} is not a backup.")


def _refuse_damaged(file: BinaryIO, size: int, path: Path, key: str | None) -> None:
    """Raises Refused unless every byte of the file is the one that was written with the key."""
    digested = max(size - ENDING_BYTES, 0)
    digest = _digest(_pieces(file, 0, digested))
    ending = b"".join(_pieces(file, digested, ENDING_BYTES))
    found = SEAL.search(ending)
    seal = found[1].decode() if found else ""
    if ending != _ending(digested, digest, seal):
        raise Refused(f"{path} is cut or damaged: its checksum does not hold.")
    if key is not None and not hmac.compare_digest(seal, _seal(key, digest)):
        raise Refused(
            "This backup was not sealed with this AUDIT_KEY, so its audit trail could not be "
            "verified: set the AUDIT_KEY of the installation that made it, or, only if that key is "
            "lost, use --other-audit-key."
        )


def _opened(file: BinaryIO, size: int) -> Archive:
    """The manifest and where the database begins; the layout is the one that `write` makes."""
    start = b"".join(_pieces(file, 0, BLOCK))
    try:
        length = tarfile.TarInfo.frombuf(start, "utf-8", "strict").size
    except tarfile.TarError:
        raise Refused("The manifest of this backup cannot be understood.") from None
    if length > LONGEST_MANIFEST:
        raise Refused("The manifest of this backup cannot be understood.")
    manifest = read_manifest(b"".join(_pieces(file, BLOCK, length)))
    payload_at = 2 * BLOCK + len(_padded(bytes(length)))
    whole = payload_at + manifest.payload_bytes + -manifest.payload_bytes % BLOCK + ENDING_BYTES
    if whole != size:
        raise Refused("The parts of this backup are not those of its manifest.")
    return Archive(manifest, file, payload_at)


def _pieces(file: BinaryIO, start: int, size: int) -> Iterator[bytes]:
    file.seek(start)
    while size > 0 and (piece := file.read(min(size, PIECE))):
        size -= len(piece)
        yield piece


def _digest(pieces: Iterator[bytes]) -> str:
    digest = sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()
