"""The problems that make the app not ready, and the name and manifest of a backup."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

MIN_FREE_MB = 100
BACKUP_FORMAT = "ventanilla-backup-1"
PAYLOADS = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
PLAIN_COPIES = {b"SQLite format 3\x00": "SQLite file", b"PGDMP": "PostgreSQL dump"}
"""The first bytes of files that hold a database but no manifest and no checksum."""


class OperationRefused(Exception):
    """A backup, restore or migration that is impossible; the message is one sentence for the operator."""


@dataclass(frozen=True)
class Contents:
    """The contents of a database at one moment: its revision, the head of its audit log, rows per table."""

    revision: str
    audit_number: int
    audit_hash: str
    rows: Mapping[str, int]


@dataclass(frozen=True)
class Manifest:
    """The description in a backup; `payload_sha256` and `payload_bytes` are those of the database in it."""

    app_version: str
    database: str
    made_at: str
    contents: Contents
    payload_bytes: int
    payload_sha256: str


def list_problems(fault: str, migrations: str, free_mb: int) -> list[str]:
    """Return the names of the problems that stop the app: database (`fault`: its kind or empty), migrations, disk."""
    problems = [f"database_{fault}"] if fault else []
    if migrations not in ("head", "unasked"):
        problems.append(f"migrations_{migrations}")
    if free_mb < MIN_FREE_MB:
        problems.append("disk_full")
    return problems


def version_refusal(migrations: str, revision: str) -> str:
    """Return the reason why a program must not use a database of another version; empty if it may."""
    if migrations == "head":
        return ""
    if migrations == "unknown":
        return (
            f"the database is newer than this program (revision {revision}): "
            "install the version that upgraded it, or restore a backup made by this one."
        )
    return "the database is older than this program: run `flask --app wsgi db upgrade` first."


def backup_name(at: datetime, contents: Contents) -> str:
    """Return a backup's file name: its time (UTC) and the head of its audit log, which it anchors outside."""
    head = f"{contents.audit_number}-{contents.audit_hash[:12]}"
    return f"ventanilla-{at:%Y%m%dT%H%M%SZ}-{head}.backup"


def manifest_text(manifest: Manifest) -> bytes:
    """Return the manifest as the JSON in a backup."""
    fields = {"format": BACKUP_FORMAT, **asdict(manifest)}
    return (json.dumps(fields, indent=2) + "\n").encode()


def read_manifest(text: bytes) -> Manifest:
    """Return the manifest of a backup; raise OperationRefused if this release cannot read it."""
    try:
        fields = json.loads(text)
        if fields.pop("format") != BACKUP_FORMAT:
            raise OperationRefused(
                "This backup was made by a newer release: restore it with that one."
            )
        contents = Contents(**fields.pop("contents"))
        manifest = Manifest(contents=contents, **fields)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise OperationRefused("The manifest of this backup cannot be understood.") from None
    if manifest.database not in PAYLOADS or type(manifest.payload_bytes) is not int:
        raise OperationRefused("The manifest of this backup cannot be understood.")
    return manifest


def refuse_other_contents(promised: Contents, restored: Contents) -> None:
    """Raise OperationRefused unless a restored database has the contents of the manifest."""
    if (restored.audit_number, restored.audit_hash) != (promised.audit_number, promised.audit_hash):
        raise OperationRefused("The audit log in this backup does not end as its manifest says.")
    if restored != promised:
        raise OperationRefused("The tables or rows in this backup are not those of its manifest.")
