"""What makes the app not ready, and what a backup is called."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LEAST_FREE_MB = 100
BACKUP_HOURS = 26
"""A nightly backup is older than this only if one failed."""
CERTIFICATE_DAYS = 14
WHAT_TO_DO = {
    "database_unreachable": "cannot be reached: is it running, and is DATABASE_URL right?",
    "migrations_none": "has no tables yet: db upgrade",
    "migrations_behind": "is older than this code: db upgrade",
    "migrations_unknown": "is newer than this code: install the version that it was used with.",
    "disk_full": "the disk is almost full: make room.",
}
SQLITE_MAGIC = b"SQLite format 3\x00"
POSTGRESQL_MAGIC = b"PGDMP"


class Refused(Exception):
    """A backup or restore that cannot be; the text is one sentence for the operator."""


def problems_of(reachable: bool, migrations: str, free_mb: int) -> list[str]:
    """The names of what keeps the app from working: database, migrations, disk."""
    problems = [] if reachable else ["database_unreachable"]
    if reachable and migrations != "head":
        problems.append(f"migrations_{migrations}")
    if free_mb < LEAST_FREE_MB:
        problems.append("disk_full")
    return problems


def backup_name(at: datetime, number: int, seal: str) -> str:
    """A backup's name: its moment (UTC) and the head of its audit chain, anchored outside by it."""
    return f"ventanilla-{at:%Y%m%dT%H%M%SZ}-{number}-{seal[:12]}.backup"


def kind_of(opening: bytes) -> str | None:
    """Which database a backup is of, by its first bytes; None where it is no backup of ours."""
    if opening.startswith(SQLITE_MAGIC):
        return "sqlite"
    return "postgresql" if opening.startswith(POSTGRESQL_MAGIC) else None


@dataclass(frozen=True)
class Finding:
    """One line of `setup check`: right (True), to be put right (False), or only to be known (None)."""

    subject: str
    is_right: bool | None
    sentence: str


def address_findings(seen: list[tuple[int, dict[str, Any]]], foreign: str) -> Iterator[Finding]:
    """What the answers through PUBLIC_URL (status, what the app saw) say of the proxy and of the nodes.

    `foreign` is an address that the question claimed in `X-Forwarded-For`.
    """
    strange = next((status for status, facts in seen if not facts), None)
    if strange is not None:
        sentence = f"PUBLIC_URL is answered by something else than this app (status {strange})."
        yield Finding("address", False, sentence)
        return
    facts = seen[0][1]
    wrong = _wrong_proxy(facts, foreign)
    yield Finding(
        "address", not wrong, wrong or f"PUBLIC_URL answers, and sees us as {facts['address']}"
    )
    releases = sorted({str(facts["release"]) for _, facts in seen})
    if len(releases) > 1:
        sentence = f"nodes of different versions answer ({', '.join(releases)}): finish the update."
        yield Finding("nodes", False, sentence)


def _wrong_proxy(facts: dict[str, Any], foreign: str) -> str:
    found, hops = facts["forwarded_for"], facts["proxy_hops"]
    if hops == 0 and found > 1:
        return "a proxy stands before the app: set PROXY_HOPS=1."
    if found < hops:
        return f"the proxy sends {found} addresses in X-Forwarded-For, PROXY_HOPS says {hops}."
    if hops and facts["address"] == foreign:
        return "PROXY_HOPS is too high: anybody could choose the address that the app sees."
    if hops and not facts["https"]:
        return "the proxy does not send X-Forwarded-Proto: https."
    return ""
