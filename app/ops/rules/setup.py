"""The findings of `setup check` on an installation, and their remedies."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.json_object import JsonObject

BACKUP_HOURS = 26
"""A nightly backup is older than this only if one failed."""
CERTIFICATE_DAYS = 14
REMEDIES = {
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
    """One line of `setup check`: right (True), to be fixed (False), or for information (None)."""

    subject: str
    is_right: bool | None
    sentence: str


def address_findings(results: list[tuple[int, JsonObject]], spoofed: str) -> Iterator[Finding]:
    """Yield the findings on proxy and nodes from the responses through PUBLIC_URL (status, the app's report).

    `spoofed` is the address that the request claimed in `X-Forwarded-For`.
    """
    foreign = next((status for status, report in results if not report), None)
    if foreign is not None:
        sentence = f"PUBLIC_URL is answered by something else than this app (status {foreign})."
        yield Finding("address", False, sentence)
        return
    report = results[0][1]
    problem = _proxy_problem(report, spoofed)
    yield Finding(
        "address", not problem, problem or f"PUBLIC_URL answers, and sees us as {report['address']}"
    )
    releases = sorted({str(report["release"]) for _, report in results})
    if len(releases) > 1:
        sentence = f"nodes of different versions answer ({', '.join(releases)}): finish the update."
        yield Finding("nodes", False, sentence)


def _proxy_problem(report: JsonObject, spoofed: str) -> str:
    n_addresses, hops = report["forwarded_for"], report["proxy_hops"]
    if hops == 0 and report["forwarded"] != spoofed:
        return "a proxy stands before the app: set PROXY_HOPS=1."
    if n_addresses < hops:
        return (
            f"the proxy sends {n_addresses} addresses in X-Forwarded-For, PROXY_HOPS says {hops}."
        )
    if hops and report["address"] == spoofed:
        return "the proxy passes on what a client claims of itself, or PROXY_HOPS is too high."
    if hops and not report["https"]:
        return "the proxy does not send X-Forwarded-Proto: https."
    return ""
