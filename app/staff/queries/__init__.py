"""Every reading of accounts, sessions, invitations (`accounts`), PINs (`pins`), the logs (`trail`, `security`)."""

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
    find_working_admin,
    is_known_place,
    list_accounts,
    list_usernames,
)
from app.staff.queries.audit_log import TrailLine, list_trail
from app.staff.queries.pins import PINS, TabletPin, find_desk_account, has_pin, list_pins, lock_pin
from app.staff.queries.scope import ACCOUNT_SHELTERS, get_scope
from app.staff.queries.security_log import SecurityLine, list_security

__all__ = [
    "ACCOUNTS",
    "ACCOUNT_COUNTRIES",
    "ACCOUNT_DESKS",
    "ACCOUNT_SHELTERS",
    "ATTEMPTS",
    "INVITATIONS",
    "PINS",
    "SESSIONS",
    "AccountLine",
    "AccountRow",
    "SecurityLine",
    "TabletPin",
    "TrailLine",
    "count_attempts",
    "find_account",
    "find_demo_account",
    "find_desk_account",
    "find_invited",
    "find_line",
    "find_session",
    "find_working_admin",
    "get_scope",
    "has_pin",
    "is_known_place",
    "list_accounts",
    "list_pins",
    "list_security",
    "list_trail",
    "list_usernames",
    "lock_pin",
]
