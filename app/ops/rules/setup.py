"""What `setup check` says of an installation, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

BACKUP_HOURS = 26
"""A nightly backup is older than this only if one failed."""
CERTIFICATE_DAYS = 14
WHAT_TO_DO = {
    "database_unreachable": "cannot be reached: is it running, and is DATABASE_URL right?",
    "database_restarting": "is starting or stopping: try again in a minute.",
    "database_read_only": "takes no changes: it is read-only, a standby, or its file is another user's.",
    "database_full": "takes no changes: its disk is full.",
    "database_lock_timeout": "somebody else holds it: see who, and try again.",
    "database_statement_timeout": "answers too slowly: is its disk or machine overloaded?",
    "database_too_many_connections": "has no free connection: raise max_connections.",
    "database_schema": "lacks a table or column that this code needs: db upgrade",
    "database_corrupt": "is damaged: restore the last backup.",
    "migrations_none": "has no tables yet: db upgrade",
    "migrations_behind": "is older than this code: db upgrade",
    "migrations_unknown": "is newer than this code: install the version that it was used with.",
    "disk_full": "the disk is almost full: make room.",
}


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
    if hops == 0 and facts["forwarded"] != foreign:
        return "a proxy stands before the app: set PROXY_HOPS=1."
    if found < hops:
        return f"the proxy sends {found} addresses in X-Forwarded-For, PROXY_HOPS says {hops}."
    if hops and facts["address"] == foreign:
        return "the proxy passes on what a client claims of itself, or PROXY_HOPS is too high."
    if hops and not facts["https"]:
        return "the proxy does not send X-Forwarded-Proto: https."
    return ""
