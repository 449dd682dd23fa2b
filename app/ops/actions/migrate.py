"""Runs migrations next to a running app: waits for locks a minute at most and reports which processes hold them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from app.db.faults import DEADLOCK, LOCK_TIMEOUT, OTHER, SCHEMA, classify_error
from app.db.session import write_transaction
from app.db.timeouts import FOR_COMMANDS
from app.ops import queries
from app.ops.rules import OperationRefused, version_refusal

LOCK_MILLISECONDS = 2_000
"""Short, because every process that locks a table after us waits behind us, the running app's requests too."""
PAUSE_SECONDS = 2.0
TIMEOUT_SECONDS = 60.0

Report = Callable[[str], None]


def migrate(
    engine: Engine, directory: str, run: Callable[[Connection], None], report: Report
) -> None:
    """Run migrations, each in its own transaction; try again while another program holds a lock.

    Raises OperationRefused after TIMEOUT_SECONDS; every migration is then applied as a whole or not at all.
    """

    def run_checked(connection: Connection) -> None:
        _refuse_newer(connection, directory)
        run(connection)

    until = time.monotonic() + TIMEOUT_SECONDS
    while not _has_run(engine, run_checked, report):
        if time.monotonic() > until:
            raise OperationRefused(
                "The database could not be migrated: another program holds a lock on it. "
                "End that program's transaction, then run this again."
            )
        time.sleep(PAUSE_SECONDS)


def _refuse_newer(connection: Connection, directory: str) -> None:
    revisions = queries.find_revisions(connection, directory)
    connection.rollback()
    if not revisions.is_known:
        raise OperationRefused(f"Nothing was changed: {version_refusal('unknown', revisions.text)}")


def _has_run(engine: Engine, run: Callable[[Connection], None], report: Report) -> bool:
    try:
        with (
            write_transaction(),
            engine.connect() as connection,
            _short_lock_timeout(connection),
            _reporting_blockers(engine, connection, report),
        ):
            run(connection)
    except DBAPIError as error:
        kind = classify_error(error).kind
        if kind in (LOCK_TIMEOUT, DEADLOCK):
            report("Waiting: another program holds a lock on the database.")
            return False
        if kind in (OTHER, SCHEMA):
            raise
        raise OperationRefused(f"The database could not be migrated: {kind}.") from None
    return True


@contextmanager
def _short_lock_timeout(connection: Connection) -> Iterator[None]:
    _set_lock_timeout(connection, LOCK_MILLISECONDS)
    try:
        yield
    finally:
        if not connection.invalidated:
            _set_lock_timeout(connection, FOR_COMMANDS.lock)


def _set_lock_timeout(connection: Connection, milliseconds: int) -> None:
    """Set the lock timeout of the connection, outside of any transaction of ours."""
    connection.rollback()
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        driver.execute(f"PRAGMA busy_timeout={milliseconds}")
    else:
        driver.execute(f"SET lock_timeout = {milliseconds}")
        driver.commit()


@contextmanager
def _reporting_blockers(engine: Engine, connection: Connection, report: Report) -> Iterator[None]:
    if engine.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.driver_connection
    has_ended = Event()
    watching = (engine, driver.info.backend_pid, has_ended, report)
    watcher = Thread(target=_watch, args=watching, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        has_ended.set()
        watcher.join()


def _watch(engine: Engine, own_pid: int, has_ended: Event, report: Report) -> None:
    reported = set[int]()
    while not has_ended.wait(LOCK_MILLISECONDS / 4000):
        with engine.connect() as connection:
            blocking = queries.list_blocking(connection, own_pid)
        for row in blocking:
            if row.pid not in reported:
                report(
                    f"Waiting for process {row.pid} ({row.application_name or 'no name'}), "
                    f"whose transaction is open for {row.seconds} s."
                )
        reported |= {row.pid for row in blocking}
