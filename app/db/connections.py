"""How connections to both databases are opened, tested before use and begun: safe, guarded and bounded in time."""

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
from app.db.faults import MOVED_AWAY, READ_ONLY, fault_of

WAL_FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
APPLICATION = "ventanilla"
is_writing: ContextVar[bool] = ContextVar("writing", default=False)
is_unacknowledged: ContextVar[bool] = ContextVar("unacknowledged", default=False)
_is_reading: ContextVar[bool] = ContextVar("reading", default=False)


class WroteInReading(Exception):
    """A request that only reads tried to write: a fault of the program."""


@contextmanager
def reading() -> Iterator[None]:
    """Marks what runs inside as a reading: the database itself refuses to write, but for what `writing` marks."""
    token = _is_reading.set(True)
    try:
        yield
    finally:
        _is_reading.reset(token)


def safe_journal_mode(version: tuple[int, ...]) -> str:
    """WAL where the SQLite version has the 2026 WAL-reset fix, else TRUNCATE (sqlite.org, release notes 3.51.3)."""
    newer = version >= (3, 51, 3)
    ported = any(version[:2] == fixed[:2] and version >= fixed for fixed in WAL_FIXED)
    return "wal" if newer or ported else "truncate"


def _timeouts() -> timeouts.Timeouts:
    return timeouts.FOR_REQUESTS if has_request_context() else timeouts.FOR_COMMANDS


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Any, record: object, arguments: object, options: dict[str, Any]) -> None:
    """Adds the timeouts; what the address of the database or the environment says goes before them."""
    if dialect.name != "postgresql":
        return
    own = options.get("options") or os.environ.get("PGOPTIONS", "")
    options["options"] = f"{_timeouts().as_options} {own}".strip()
    options.setdefault("connect_timeout", timeouts.CONNECT_SECONDS)
    options.setdefault("application_name", os.environ.get("PGAPPNAME", APPLICATION))
    if "," in str(options.get("host", "")):
        options.setdefault("target_session_attrs", "primary")
    for name, value in timeouts.KEEPALIVE.items():
        options.setdefault(name, value)


@event.listens_for(Engine, "connect")
def _open_safely(connection: Any, record: object) -> None:
    if type(connection).__module__.startswith("psycopg"):
        connection.add_notice_handler(_hear_notice)
        return
    connection.isolation_level = None
    mode = safe_journal_mode(sqlite3.sqlite_version_info)
    busy = f"busy_timeout={_timeouts().lock}"
    settings = (busy, "foreign_keys=ON", "secure_delete=ON", "synchronous=FULL")
    for setting in (*settings, f"journal_mode={mode}"):
        connection.execute(f"PRAGMA {setting}")


def _hear_notice(notice: Any) -> None:
    if (notice.message_primary or "").startswith("canceling wait for synchronous replication"):
        is_unacknowledged.set(True)


@event.listens_for(Pool, "checkout")
def _refuse_dead(connection: Any, record: object, proxy: object) -> None:
    """Has a connection replaced that PostgreSQL ended while it lay idle.

    Who lies idle is sent nothing, but the end of the connection: to ask the socket costs two microseconds, a statement
    that asks the server costs a round trip.
    """
    if not hasattr(connection, "pgconn"):
        return
    if connection.closed or _has_something_to_read(connection.fileno()):
        raise DisconnectionError


def _has_something_to_read(descriptor: int) -> bool:
    look = select.poll()
    look.register(descriptor, select.POLLIN)
    return bool(look.poll(0))


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    is_guarded = _is_reading.get() and not is_writing.get()
    if connection.dialect.name == "sqlite":
        _guard_sqlite(connection, is_guarded)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing.get() else "BEGIN")
        return
    driver: Any = connection.connection.driver_connection
    if bool(driver.read_only) != is_guarded:
        driver.read_only = is_guarded or None  # a part of BEGIN: no statement of its own


def _guard_sqlite(connection: Connection, is_guarded: bool) -> None:
    if connection.info.get("guarded", False) != is_guarded:
        connection.exec_driver_sql(f"PRAGMA query_only={int(is_guarded)}")
        connection.info["guarded"] = is_guarded


NOT_GRANTED = "42501"
"""PostgreSQL's code for a right that the app's role lacks: also to read."""


@event.listens_for(Engine, "handle_error")
def _judge(context: ExceptionContext) -> None:
    """Lets go of connections that cannot write: the next one may lead to the new primary, or to the restored file."""
    fault = fault_of(context.original_exception)
    if fault.kind != READ_ONLY and fault.code != MOVED_AWAY:
        return
    tried_to_write = fault.kind == READ_ONLY and fault.code != NOT_GRANTED
    if tried_to_write and _is_reading.get() and not is_writing.get():
        raise WroteInReading from context.original_exception
    if context.connection is not None:
        context.is_disconnect = True
