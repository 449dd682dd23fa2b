"""Reads the security log with the names of accounts in the place of their numbers."""

from dataclasses import dataclass
from datetime import datetime

from app.db.session import Session
from app.security.queries import list_events
from app.staff.queries.accounts import list_usernames

SHOWN_OF_KEY = 8


@dataclass(frozen=True)
class SecurityLine:
    """One line of the security log: since when, until when, how often, what, and by which name from where.

    `username` is that of a known account; else `key` is the beginning of the keyed digest of the name that was
    tried, by which equal names are recognised and which nobody can turn back; both are empty if no name was given.
    """

    number: int
    first_at: datetime
    last_at: datetime
    times: int
    kind: str
    username: str
    key: str
    network: str


def list_security(session: Session, before: int | None, limit: int) -> list[SecurityLine]:
    """The newest lines of the security log, newest first; `before` a number, to page on."""
    rows = list_events(session, before, limit)
    people = list_usernames(session, {row.account_id for row in rows if row.account_id is not None})
    return [
        SecurityLine(
            row.number,
            row.first_at,
            row.last_at,
            row.times,
            row.kind,
            people.get(row.account_id, ""),
            "" if row.account_id in people else row.name_key[:SHOWN_OF_KEY],
            row.network,
        )
        for row in rows
    ]
