"""Every reading of accounts, sessions and invitations (`accounts`) and of the trail (`trail`)."""

from app.staff.queries.accounts import (
    ACCOUNT_COUNTRIES,
    ACCOUNT_DESKS,
    ACCOUNTS,
    ATTEMPTS,
    INVITATIONS,
    SESSIONS,
    AccountLine,
    AccountRow,
    count_attempts,
    find_account,
    find_demo_account,
    find_invited,
    find_line,
    find_session,
    is_known_place,
    list_accounts,
    list_usernames,
)
from app.staff.queries.scope import ACCOUNT_SHELTERS, get_scope
from app.staff.queries.trail import TrailLine, list_trail

__all__ = [
    "ACCOUNTS",
    "ACCOUNT_COUNTRIES",
    "ACCOUNT_DESKS",
    "ACCOUNT_SHELTERS",
    "ATTEMPTS",
    "INVITATIONS",
    "SESSIONS",
    "AccountLine",
    "AccountRow",
    "TrailLine",
    "count_attempts",
    "find_account",
    "find_demo_account",
    "find_invited",
    "find_line",
    "find_session",
    "get_scope",
    "is_known_place",
    "list_accounts",
    "list_trail",
    "list_usernames",
]
