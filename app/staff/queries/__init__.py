"""All SELECTs on accounts, sessions, invitations (`accounts`), PINs (`pins`), scopes and the two logs."""

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
    find_account_line,
    find_demo_account,
    find_invited_account,
    find_session,
    has_working_admin,
    is_known_source,
    list_accounts,
    list_usernames,
)
from app.staff.queries.audit_log import AuditLogLine, list_audit_log
from app.staff.queries.pins import PINS, TabletPin, find_desk_account, has_pin, list_pins, lock_pin
from app.staff.queries.scope import ACCOUNT_SHELTERS, get_scope
from app.staff.queries.security_log import SecurityLogLine, list_security_log

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
    "AuditLogLine",
    "SecurityLogLine",
    "TabletPin",
    "count_attempts",
    "find_account",
    "find_account_line",
    "find_demo_account",
    "find_desk_account",
    "find_invited_account",
    "find_session",
    "get_scope",
    "has_pin",
    "has_working_admin",
    "is_known_source",
    "list_accounts",
    "list_audit_log",
    "list_pins",
    "list_security_log",
    "list_usernames",
    "lock_pin",
]
