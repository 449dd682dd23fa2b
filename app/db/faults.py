"""Database errors: their kind by the driver's code, and the message that people read."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.codelists.codelist import N_

UNREACHABLE, RESTARTING, READ_ONLY, FULL = "unreachable", "restarting", "read_only", "full"
SCHEMA, CORRUPT, TOO_MANY = "schema", "corrupt", "too_many_connections"
DEADLOCK, SERIALIZATION, STALE = "deadlock", "serialization", "stale_statement"
LOCK_TIMEOUT, STATEMENT_TIMEOUT, OTHER = "lock_timeout", "statement_timeout", "other"
KINDS = (
    UNREACHABLE,
    RESTARTING,
    READ_ONLY,
    FULL,
    SCHEMA,
    CORRUPT,
    TOO_MANY,
    DEADLOCK,
    SERIALIZATION,
    STALE,
    LOCK_TIMEOUT,
    STATEMENT_TIMEOUT,
    OTHER,
)
SQLSTATES = {
    "57P01": RESTARTING,
    "57P02": RESTARTING,
    "57P03": RESTARTING,
    "57014": STATEMENT_TIMEOUT,
    "25P03": STATEMENT_TIMEOUT,
    "25006": READ_ONLY,
    "42501": READ_ONLY,
    "42P01": SCHEMA,
    "42703": SCHEMA,
    "42704": SCHEMA,
    "42883": SCHEMA,
    "3F000": SCHEMA,
    "0A000": STALE,
    "40001": SERIALIZATION,
    "40P01": DEADLOCK,
    "40003": UNREACHABLE,
    "55P03": LOCK_TIMEOUT,
    "55006": LOCK_TIMEOUT,
    "53300": TOO_MANY,
    "57P04": UNREACHABLE,
    "57P05": UNREACHABLE,
    "3D000": UNREACHABLE,
    "58030": UNREACHABLE,
    "XX001": CORRUPT,
    "XX002": CORRUPT,
}
"""By SQLSTATE (PostgreSQL, appendix A). 0A000: a prepared statement outlived a change of its table. 42501: the app's
role may not write."""
CLASSES = {"08": UNREACHABLE, "28": UNREACHABLE, "53": FULL}
SQLITE_CODES = {
    sqlite3.SQLITE_BUSY: LOCK_TIMEOUT,
    sqlite3.SQLITE_LOCKED: LOCK_TIMEOUT,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_CORRUPT: CORRUPT,
    sqlite3.SQLITE_NOTADB: CORRUPT,
    sqlite3.SQLITE_CANTOPEN: UNREACHABLE,
    sqlite3.SQLITE_PERM: UNREACHABLE,
    sqlite3.SQLITE_IOERR: UNREACHABLE,
    sqlite3.SQLITE_PROTOCOL: LOCK_TIMEOUT,
    sqlite3.SQLITE_SCHEMA: SCHEMA,
}
MOVED_AWAY = "SQLITE_READONLY_DBMOVED"
"""The file was removed or replaced while a connection had it open."""
MISSING = ("no such table", "no such column", "has no column named")
"""SQLite has one code for every error in a statement: only its text shows that a table or column is missing."""
CONNECTING = (
    ("too many clients", TOO_MANY),
    ("too many connections", TOO_MANY),
    ("remaining connection slots", TOO_MANY),
    ("starting up", RESTARTING),
    ("shutting down", RESTARTING),
    ("recovery mode", RESTARTING),
    ("not yet accepting connections", RESTARTING),
    ("session is read-only", READ_ONLY),
)
"""A connection that PostgreSQL refuses has no SQLSTATE in the driver: only its text gives the reason."""
RETRYABLE = frozenset({DEADLOCK, SERIALIZATION, STALE})
"""Kinds after which running the same transaction again is likely to succeed."""
MESSAGES = {
    UNREACHABLE: N_(
        "The server cannot reach its records at the moment. Nothing was stored; please try again in a moment."
    ),
    READ_ONLY: N_("The server cannot store anything at the moment. Please try again later."),
    SCHEMA: N_("The server is being updated. Nothing was stored; please try again in a moment."),
    OTHER: N_("The server is busy. Nothing was stored; please try again in a moment."),
}
MESSAGE_KIND = {
    RESTARTING: UNREACHABLE,
    CORRUPT: UNREACHABLE,
    FULL: READ_ONLY,
    STALE: SCHEMA,
}
RETRY_AFTER = {READ_ONLY: 60, FULL: 60, CORRUPT: 60, SCHEMA: 20}
"""In seconds; 5 for all others, which pass by themselves."""


@dataclass(frozen=True)
class DatabaseFault:
    """A database error: its kind (one of KINDS) and the driver's code, without any value or text of the error."""

    kind: str
    code: str = ""

    @property
    def is_database_at_fault(self) -> bool:
        """Whether the database is the cause, not a bug or the request."""
        return self.kind != OTHER

    @property
    def message(self) -> str:
        """The source message for people, not translated yet."""
        return MESSAGES.get(MESSAGE_KIND.get(self.kind, self.kind), MESSAGES[OTHER])

    @property
    def retry_after(self) -> int:
        """Seconds until a retry makes sense."""
        return RETRY_AFTER.get(self.kind, 5)


def classify_error(error: BaseException) -> DatabaseFault:
    """Return the database fault behind an exception; of kind `other` if the database is not its cause."""
    if isinstance(error, PoolTimeout):
        return DatabaseFault(TOO_MANY, "pool")
    if isinstance(error, PendingRollbackError) and error.__context__ is not None:
        return classify_error(error.__context__)
    cause: Any = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause)
    code = getattr(cause, "sqlstate", None)
    if code:
        return DatabaseFault(SQLSTATES.get(code) or CLASSES.get(code[:2], OTHER), code)
    if type(cause).__module__.startswith("psycopg"):
        return _without_code(error, cause)
    return DatabaseFault(OTHER)


def is_disconnect(error: BaseException) -> bool:
    """Whether the error ended the connection, so that nothing of its transaction was stored."""
    return isinstance(error, DBAPIError) and bool(error.connection_invalidated)


def _of_sqlite(error: sqlite3.Error) -> DatabaseFault:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return DatabaseFault(OTHER)
    kind = SQLITE_CODES.get(code & 0xFF, OTHER)
    if error.sqlite_errorname == MOVED_AWAY:
        kind = UNREACHABLE
    if code == sqlite3.SQLITE_ERROR and any(text in str(error) for text in MISSING):
        kind = SCHEMA
    return DatabaseFault(kind, str(error.sqlite_errorname))


def _without_code(error: BaseException, cause: BaseException) -> DatabaseFault:
    text = str(cause)
    kind = next((kind for part, kind in CONNECTING if part in text), UNREACHABLE)
    is_broken = is_disconnect(error) or type(cause).__name__ in (
        "OperationalError",
        "ConnectionTimeout",
    )
    return DatabaseFault(kind if is_broken else OTHER)
