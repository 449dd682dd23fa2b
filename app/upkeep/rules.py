"""What makes the app not ready, and what a backup is called."""

from datetime import datetime

LEAST_FREE_MB = 100
SQLITE_MAGIC = b"SQLite format 3\x00"
POSTGRESQL_MAGIC = b"PGDMP"


class Refused(Exception):
    """A backup or restore that cannot be; the text is one sentence for the operator."""


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


def backup_name(at: datetime, number: int, seal: str) -> str:
    """A backup's name: its moment (UTC) and the head of its audit chain, anchored outside by it."""
    return f"ventanilla-{at:%Y%m%dT%H%M%SZ}-{number}-{seal[:12]}.backup"


def kind_of(opening: bytes) -> str | None:
    """Which database a backup is of, by its first bytes; None where it is no backup of ours."""
    if opening.startswith(SQLITE_MAGIC):
        return "sqlite"
    return "postgresql" if opening.startswith(POSTGRESQL_MAGIC) else None
