"""The security log as the page shows it: with usernames instead of account ids."""

from dataclasses import dataclass
from datetime import datetime

from app.db.session import Session
from app.security.queries import list_events
from app.staff.queries.accounts import list_usernames

KEY_PREFIX_LENGTH = 8


@dataclass(frozen=True)
class SecurityLogLine:
    """One line of the security log: first and last time, how often, which event, which name, from which network.

    `username` is that of an existing account; else `key` is the beginning of the keyed digest of the name that was
    tried: equal names have equal keys, and no key can be turned back into a name. Both are empty if no name was tried.
    """

    number: int
    first_at: datetime
    last_at: datetime
    times: int
    kind: str
    username: str
    key: str
    network: str


def list_security_log(session: Session, before: int | None, limit: int) -> list[SecurityLogLine]:
    """List lines of the security log, newest first; only those before the number `before`, for paging."""
    rows = list_events(session, before, limit)
    usernames = list_usernames(
        session, {row.account_id for row in rows if row.account_id is not None}
    )
    return [
        SecurityLogLine(
            row.number,
            row.first_at,
            row.last_at,
            row.times,
            row.kind,
            usernames.get(row.account_id, ""),
            "" if row.account_id in usernames else row.name_key[:KEY_PREFIX_LENGTH],
            row.network,
        )
        for row in rows
    ]
