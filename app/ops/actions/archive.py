"""The file of a backup: a tar of `manifest.json`, the database and `checksum.txt`, of which every byte is covered.

`checksum.txt` holds the SHA-256 of everything before it, and the HMAC-SHA-256 of that digest with AUDIT_KEY. What
follows the digested part (the last member, its padding and the end of the tar) is the same for every reader, so it
is written again and compared: no byte can change, be added or be missing. `tar -xf` opens a backup without this
program. It is written from the first byte to the last, so that it can be wrapped in a stream.
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
    OperationRefused,
    manifest_text,
    read_manifest,
)

MANIFEST, CHECKSUM = "manifest.json", "checksum.txt"
BLOCK, CHUNK_BYTES = tarfile.BLOCKSIZE, 2**20
END = bytes(2 * BLOCK)
ENDING_BYTES = 2 * BLOCK + len(END)
MAX_MANIFEST_BYTES = 2**20
SIGNATURE_LINE = re.compile(rb"HMAC-SHA-256 \(AUDIT_KEY\) of that digest: ([0-9a-f]{64})\n")


@dataclass(frozen=True)
class BackupArchive:
    """A backup whose checksum and layout are correct."""

    manifest: Manifest
    file: BinaryIO
    payload_offset: int

    def payload(self) -> Iterator[bytes]:
        """Yield the bytes of the database; raise OperationRefused at the end if they are not the manifest's."""
        digest = sha256()
        for chunk in _chunks(self.file, self.payload_offset, self.manifest.payload_bytes):
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != self.manifest.payload_sha256:
            raise OperationRefused("The database in this backup is not the one of its manifest.")


def size_and_digest(path: Path) -> tuple[int, str]:
    """Return size in bytes and SHA-256 (hexadecimal) of a file."""
    with path.open("rb") as file:
        size = path.stat().st_size
        return size, _digest(_chunks(file, 0, size))


def write_archive(target: Path, manifest: Manifest, payload: Path, key: str) -> None:
    """Write a backup with this manifest, signed with the key."""
    digest, size = sha256(), 0
    with target.open("wb") as out, payload.open("rb") as database:
        for chunk in _content(manifest, database):
            digest.update(chunk)
            size += out.write(chunk)
        digest_text = digest.hexdigest()
        out.write(_ending(size, digest_text, _signature(key, digest_text)))


def _content(manifest: Manifest, database: BinaryIO) -> Iterator[bytes]:
    text = manifest_text(manifest)
    yield _header(MANIFEST, len(text)) + _padded(text)
    yield _header(PAYLOADS[manifest.database], manifest.payload_bytes)
    yield from _chunks(database, 0, manifest.payload_bytes)
    yield bytes(-manifest.payload_bytes % BLOCK)


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member.tobuf(tarfile.GNU_FORMAT)


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % BLOCK)


def _ending(size: int, digest: str, signature: str) -> bytes:
    text = (
        f"SHA-256 of the first {size} bytes: {digest}\n"
        f"HMAC-SHA-256 (AUDIT_KEY) of that digest: {signature}\n"
    ).encode()
    return _header(CHECKSUM, len(text)) + _padded(text) + END


def _signature(key: str, digest: str) -> str:
    return hmac.new(key.encode(), f"{BACKUP_FORMAT} {digest}".encode(), sha256).hexdigest()


@contextmanager
def open_archive(path: Path, key: str | None) -> Iterator[BackupArchive]:
    """Open a backup to restore, read whole and checked first; signed with any key if `key` is None.

    Raises OperationRefused.
    """
    try:
        if not path.is_file():
            raise OperationRefused(f"{path} cannot be read: there is no such file.")
        file = path.open("rb")
    except OSError as error:
        raise OperationRefused(f"{path} cannot be read: {error.strerror}.") from None
    with file:
        size = os.fstat(file.fileno()).st_size
        _refuse_foreign(file, path)
        _refuse_damaged(file, size, path, key)
        yield _read_layout(file, size)


def _refuse_foreign(file: BinaryIO, path: Path) -> None:
    start = file.read(BLOCK)
    for magic, kind in PLAIN_COPIES.items():
        if start.startswith(magic):
            raise OperationRefused(
                f"{path} is not a backup but a plain {kind} without a checksum: what an earlier "
                "release made is restored with that release."
            )
    if not start.startswith(MANIFEST.encode() + b"\0"):
        raise OperationRefused(f"{path} is not a backup.")


def _refuse_damaged(file: BinaryIO, size: int, path: Path, key: str | None) -> None:
    """Raise OperationRefused unless every byte of the file is the one that was written with the key."""
    digested = max(size - ENDING_BYTES, 0)
    digest = _digest(_chunks(file, 0, digested))
    ending = b"".join(_chunks(file, digested, ENDING_BYTES))
    match = SIGNATURE_LINE.search(ending)
    signature = match[1].decode() if match else ""
    if ending != _ending(digested, digest, signature):
        raise OperationRefused(f"{path} is cut or damaged: its checksum does not hold.")
    if key is not None and not hmac.compare_digest(signature, _signature(key, digest)):
        raise OperationRefused(
            "This backup was not signed with this AUDIT_KEY, so its audit log could not be "
            "verified: set the AUDIT_KEY of the installation that made it, or, only if that key is "
            "lost, use --other-audit-key."
        )


def _read_layout(file: BinaryIO, size: int) -> BackupArchive:
    """Return the manifest and the offset of the database; the layout is the one that `write_archive` makes."""
    start = b"".join(_chunks(file, 0, BLOCK))
    try:
        length = tarfile.TarInfo.frombuf(start, "utf-8", "strict").size
    except tarfile.TarError:
        raise OperationRefused("The manifest of this backup cannot be understood.") from None
    if length > MAX_MANIFEST_BYTES:
        raise OperationRefused("The manifest of this backup cannot be understood.")
    manifest = read_manifest(b"".join(_chunks(file, BLOCK, length)))
    payload_offset = 2 * BLOCK + len(_padded(bytes(length)))
    whole = payload_offset + manifest.payload_bytes + -manifest.payload_bytes % BLOCK + ENDING_BYTES
    if whole != size:
        raise OperationRefused("The parts of this backup are not those of its manifest.")
    return BackupArchive(manifest, file, payload_offset)


def _chunks(file: BinaryIO, start: int, size: int) -> Iterator[bytes]:
    file.seek(start)
    while size > 0 and (chunk := file.read(min(size, CHUNK_BYTES))):
        size -= len(chunk)
        yield chunk


def _digest(chunks: Iterator[bytes]) -> str:
    digest = sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
