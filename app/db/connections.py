"""Event handlers of the engine: how connections are opened, checked, guarded against writes and limited in time."""

import os
import select
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask import has_request_context
from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection, ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import Pool

from app.db import timeouts
from app.db.faults import MOVED_AWAY, READ_ONLY, classify_error

WAL_FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
APPLICATION = "ventanilla"
is_writing: ContextVar[bool] = ContextVar("writing", default=False)
is_commit_unconfirmed: ContextVar[bool] = ContextVar("unacknowledged", default=False)
_is_reading: ContextVar[bool] = ContextVar("reading", default=False)


class WriteInReadOnlyRequest(Exception):
    """A read-only request tried to write: a bug."""


@contextmanager
def read_only() -> Iterator[None]:
    """Make the database refuse writes inside the block, except within `write_transaction`."""
    token = _is_reading.set(True)
    try:
        yield
    finally:
        _is_reading.reset(token)


def safe_journal_mode(version: tuple[int, ...]) -> str:
    """Return "wal" if this SQLite has the 2026 WAL-reset fix, else "truncate" (sqlite.org, release notes 3.51.3)."""
    is_fixed = version >= (3, 51, 3)
    is_backported = any(version[:2] == fixed[:2] and version >= fixed for fixed in WAL_FIXED)
    return "wal" if is_fixed or is_backported else "truncate"


def _timeouts() -> timeouts.Timeouts:
    return timeouts.FOR_REQUESTS if has_request_context() else timeouts.FOR_COMMANDS


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Any, record: object, arguments: object, options: dict[str, Any]) -> None:
    """Add the timeouts; options of the database URL or the environment override them."""
    if dialect.name != "postgresql":
        return
    configured = options.get("options") or os.environ.get("PGOPTIONS", "")
    options["options"] = f"{_timeouts().as_options} {configured}".strip()
    options.setdefault("connect_timeout", timeouts.CONNECT_SECONDS)
    options.setdefault("application_name", os.environ.get("PGAPPNAME", APPLICATION))
    if "," in str(options.get("host", "")):
        options.setdefault("target_session_attrs", "primary")
    for name, value in timeouts.KEEPALIVE.items():
        options.setdefault(name, value)


@event.listens_for(Engine, "connect")
def _configure(connection: Any, record: object) -> None:
    if type(connection).__module__.startswith("psycopg"):
        connection.add_notice_handler(_on_notice)
        return
    connection.isolation_level = None
    mode = safe_journal_mode(sqlite3.sqlite_version_info)
    busy = f"busy_timeout={_timeouts().lock}"
    settings = (busy, "foreign_keys=ON", "secure_delete=ON", "synchronous=FULL")
    for setting in (*settings, f"journal_mode={mode}"):
        connection.execute(f"PRAGMA {setting}")


def _on_notice(notice: Any) -> None:
    if (notice.message_primary or "").startswith("canceling wait for synchronous replication"):
        is_commit_unconfirmed.set(True)


@event.listens_for(Pool, "checkout")
def _check_alive(connection: Any, record: object, proxy: object) -> None:
    """Make the pool replace a connection that PostgreSQL closed while it was idle.

    PostgreSQL sends nothing to an idle connection but its end: polling the socket costs two microseconds, a test
    statement costs a round trip.
    """
    if not hasattr(connection, "pgconn"):
        return
    if connection.closed or _has_data(connection.fileno()):
        raise DisconnectionError


def _has_data(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    is_guarded = _is_reading.get() and not is_writing.get()
    if connection.dialect.name == "sqlite":
        _guard_sqlite(connection, is_guarded)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing.get() else "BEGIN")
        return
    driver: Any = connection.connection.driver_connection
    if bool(driver.read_only) != is_guarded:
        driver.read_only = is_guarded or None  # part of BEGIN: costs no statement


def _guard_sqlite(connection: Connection, is_guarded: bool) -> None:
    if connection.info.get("guarded", False) != is_guarded:
        connection.exec_driver_sql(f"PRAGMA query_only={int(is_guarded)}")
        connection.info["guarded"] = is_guarded


NOT_GRANTED = "42501"
"""SQLSTATE of a missing privilege, also to read."""


@event.listens_for(Engine, "handle_error")
def _on_error(context: ExceptionContext) -> None:
    """Discard connections that cannot write: the next one may reach the new primary, or the restored file."""
    fault = classify_error(context.original_exception)
    if fault.kind != READ_ONLY and fault.code != MOVED_AWAY:
        return
    tried_to_write = fault.kind == READ_ONLY and fault.code != NOT_GRANTED
    if tried_to_write and _is_reading.get() and not is_writing.get():
        raise WriteInReadOnlyRequest from context.original_exception
    if context.connection is not None:
        context.is_disconnect = True
