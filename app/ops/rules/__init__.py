"""What makes the app not ready, and what a backup is called and says of itself."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

LEAST_FREE_MB = 100
BACKUP_FORMAT = "ventanilla-backup-1"
PAYLOADS = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
PLAIN_COPIES = {b"SQLite format 3\x00": "SQLite file", b"PGDMP": "PostgreSQL dump"}
"""The first bytes of files that hold a database but no manifest and no checksum."""


class Refused(Exception):
    """A backup or restore that cannot be; the text is one sentence for the operator."""


@dataclass(frozen=True)
class Contents:
    """What a database holds at one moment: its revision, the head of its audit log, rows per table."""

    revision: str
    audit_number: int
    audit_hash: str
    rows: Mapping[str, int]


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself; `payload_sha256` and `payload_bytes` are those of the database in it."""

    app_version: str
    database: str
    made_at: str
    contents: Contents
    payload_bytes: int
    payload_sha256: str


def problems_of(fault: str, migrations: str, free_mb: int) -> list[str]:
    """The names of what keeps the app from working: the database (`fault`: its kind or empty), migrations, disk."""
    problems = [f"database_{fault}"] if fault else []
    if migrations not in ("head", "unasked"):
        problems.append(f"migrations_{migrations}")
    if free_mb < LEAST_FREE_MB:
        problems.append("disk_full")
    return problems


def refusal_of_version(migrations: str, revision: str) -> str:
    """Why a program must not work on a database of another version; empty if it may."""
    if migrations == "head":
        return ""
    if migrations == "unknown":
        return (
            f"the database is newer than this program (revision {revision}): "
            "install the version that upgraded it, or restore a backup made by this one."
        )
    return "the database is older than this program: run `flask --app wsgi db upgrade` first."


def backup_name(at: datetime, contents: Contents) -> str:
    """A backup's name: its moment (UTC) and the head of its audit log, anchored outside by it."""
    head = f"{contents.audit_number}-{contents.audit_hash[:12]}"
    return f"ventanilla-{at:%Y%m%dT%H%M%SZ}-{head}.backup"


def manifest_text(manifest: Manifest) -> bytes:
    """The manifest as the JSON that stands in a backup."""
    said = {"format": BACKUP_FORMAT, **asdict(manifest)}
    return (json.dumps(said, indent=2) + "\n").encode()


def read_manifest(text: bytes) -> Manifest:
    """The manifest of a backup; raises Refused if it is none that this release understands."""
    try:
        said = json.loads(text)
        if said.pop("format") != BACKUP_FORMAT:
            raise Refused("This backup was made by a newer release: restore it with that one.")
        contents = Contents(**said.pop("contents"))
        manifest = Manifest(contents=contents, **said)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Refused("The manifest of this backup cannot be understood.") from None
    if manifest.database not in PAYLOADS or type(manifest.payload_bytes) is not int:
        raise Refused("The manifest of this backup cannot be understood.")
    return manifest


def refuse_other_contents(promised: Contents, found: Contents) -> None:
    """Raises Refused unless a restored database holds what the manifest promises."""
    if (found.audit_number, found.audit_hash) != (promised.audit_number, promised.audit_hash):
        raise Refused("The audit log in this backup does not end as its manifest says.")
    if found != promised:
        raise Refused("The tables or rows in this backup are not those of its manifest.")
