"""Runs migrations beside a running app: waits for locks a minute at most and says who holds them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from app.db.faults import DEADLOCK, LOCK_TIMEOUT, OTHER, SCHEMA, fault_of
from app.db.session import write_transaction
from app.db.timeouts import FOR_COMMANDS
from app.ops import queries
from app.ops.rules import Refused, refusal_of_version

LOCK_MILLISECONDS = 2_000
"""Short: whoever asks for a table after us waits behind us, the requests of the running app too."""
PAUSE_SECONDS = 2.0
MOST_SECONDS = 60.0

Say = Callable[[str], None]


def migrate(engine: Engine, directory: str, run: Callable[[Connection], None], say: Say) -> None:
    """Runs migrations, each in a transaction of its own, again while somebody holds a lock; raises Refused.

    After giving up, every migration is whole or not there at all.
    """

    def run_checked(connection: Connection) -> None:
        _refuse_newer(connection, directory)
        run(connection)

    until = time.monotonic() + MOST_SECONDS
    while not _has_run(engine, run_checked, say):
        if time.monotonic() > until:
            raise Refused(
                "The database could not be migrated: another program holds a lock on it. "
                "End that program's transaction, then run this again."
            )
        time.sleep(PAUSE_SECONDS)


def _refuse_newer(connection: Connection, directory: str) -> None:
    found = queries.find_revisions(connection, directory)
    connection.rollback()
    if not found.is_known:
        raise Refused(f"Nothing was changed: {refusal_of_version('unknown', found.shown)}")


def _has_run(engine: Engine, run: Callable[[Connection], None], say: Say) -> bool:
    try:
        with (
            write_transaction(),
            engine.connect() as connection,
            _impatient(connection),
            _telling_who_blocks(engine, connection, say),
        ):
            run(connection)
    except DBAPIError as error:
        kind = fault_of(error).kind
        if kind in (LOCK_TIMEOUT, DEADLOCK):
            say("Waiting: another program holds a lock on the database.")
            return False
        if kind in (OTHER, SCHEMA):
            raise
        raise Refused(f"The database could not be migrated: {kind}.") from None
    return True


@contextmanager
def _impatient(connection: Connection) -> Iterator[None]:
    _set_lock_timeout(connection, LOCK_MILLISECONDS)
    try:
        yield
    finally:
        if not connection.invalidated:
            _set_lock_timeout(connection, FOR_COMMANDS.lock)


def _set_lock_timeout(connection: Connection, milliseconds: int) -> None:
    """Sets it for the connection, outside of any transaction of ours."""
    connection.rollback()
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        driver.execute(f"PRAGMA busy_timeout={milliseconds}")
    else:
        driver.execute(f"SET lock_timeout = {milliseconds}")
        driver.commit()


@contextmanager
def _telling_who_blocks(engine: Engine, connection: Connection, say: Say) -> Iterator[None]:
    if engine.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.driver_connection
    has_ended = Event()
    watching = (engine, driver.info.backend_pid, has_ended, say)
    watcher = Thread(target=_watch, args=watching, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        has_ended.set()
        watcher.join()


def _watch(engine: Engine, own_pid: int, has_ended: Event, say: Say) -> None:
    said = set[int]()
    while not has_ended.wait(LOCK_MILLISECONDS / 4000):
        with engine.connect() as connection:
            blocking = queries.list_blocking(connection, own_pid)
        for row in blocking:
            if row.pid not in said:
                say(
                    f"Waiting for process {row.pid} ({row.application_name or 'no name'}), "
                    f"whose transaction is open for {row.seconds} s."
                )
        said |= {row.pid for row in blocking}
