"""The session, its transactions, and the one commit of a request."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, DateTime, Insert, MetaData, Row, String, Table, event
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Session as Session  # noqa: PLC0414 - for the signatures of forms
from sqlalchemy.types import TypeDecorator

from app.db.connections import is_unacknowledged, is_writing
from app.db.faults import is_disconnect

Record: TypeAlias = Row[*tuple[Any, ...]]
"""One row that a query found; its columns are attributes."""
has_committed: ContextVar[bool] = ContextVar("has_committed", default=False)
"""Whether something of this request is kept already, so that it must not be run again."""
_before_commit: list[Callable[[Session], None]] = []
SESSION_CONNECTION_KEY = "connection"


class Base(DeclarativeBase):
    """The parent of every table; constraints are named so that a broken one can be told."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    if TYPE_CHECKING:
        __table__: ClassVar[Table]


db = SQLAlchemy(model_class=Base)


class Unacknowledged(Exception):
    """Nobody knows whether the commit will last: a standby did not confirm it, or the connection ended meanwhile."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; comes back with its time zone from both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class CodeSet(TypeDecorator[tuple[str, ...]]):
    """Codes of a closed list, sorted, stored as one comma-separated text so that rows can be grouped by it."""

    impl = String(1000)
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str:
        return ",".join(sorted(value or ()))

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(value.split(",")) if value else ()


@contextmanager
def write_transaction() -> Iterator[None]:
    """Marks what runs inside as a change; on SQLite it takes the write lock with its first statement, not half-way.

    What was only read so far is let go there: a reader that begins to write would be refused. So who asks and what
    was sent are checked before anybody else has to wait.
    """
    if db.session.get_bind().dialect.name == "sqlite":
        db.session.rollback()
    token = is_writing.set(True)
    try:
        yield
    finally:
        is_writing.reset(token)


def set_before_commit(*hooks: Callable[[Session], None]) -> None:
    """Sets what every transaction does as its last statements, in this order (the audit chain)."""
    _before_commit[:] = hooks


def commit() -> None:
    """The one commit of a request or command; raises Unacknowledged if nobody knows whether it will last."""
    session = db.session()
    session.flush()
    for hook in _before_commit:
        hook(session)
    is_unacknowledged.set(False)
    _commit(session)
    if is_unacknowledged.get():
        raise Unacknowledged
    has_committed.set(True)


def _commit(session: Session) -> None:
    try:
        session.commit()
    except DBAPIError as error:
        if is_disconnect(error):
            raise Unacknowledged from error
        raise


def abandon() -> None:
    """Ends the transaction without keeping anything; does not fail if the database is gone."""
    try:
        db.session.rollback()
    except DBAPIError:
        db.session().invalidate()


def commit_audited_read() -> None:
    """Ends a reading and then writes the entry it leaves: the write lock is not held while the page is drawn.

    A reading ends with COMMIT: a ROLLBACK would cost the connection what it has prepared.
    """
    session = db.session()
    left = {name: kept for name, kept in session.info.items() if name != SESSION_CONNECTION_KEY}
    for name in left:
        del session.info[name]
    session.commit()
    if not left:
        return
    with write_transaction():
        session.info.update(left)
        commit()


@contextmanager
def independent_transaction() -> Iterator[None]:
    """A transaction of its own for what a refusal must keep; what the request had not committed is dropped first."""
    db.session.rollback()
    with write_transaction():
        try:
            yield
            commit()
        except BaseException:
            db.session.rollback()
            raise


@contextmanager
def unit_of_work() -> Iterator[None]:
    """One transaction of a command: committed when the block ends well, else nothing of it is kept."""
    db.session.rollback()
    with write_transaction():
        try:
            yield
            commit()
        finally:
            db.session.rollback()


def connection_of(session: Session) -> Connection:
    """The connection of a session's transaction, asked of the session once per transaction."""
    held = session.info.get(SESSION_CONNECTION_KEY)
    if held is None:
        held = session.info[SESSION_CONNECTION_KEY] = session.connection()
    return held


def insert_rows(session: Session, new: Insert, rows: list[dict[str, Any]]) -> None:
    """Inserts rows; a single one without the driver's way for many, which costs more than it saves."""
    if rows:
        connection_of(session).execute(new, rows[0] if len(rows) == 1 else rows)


@event.listens_for(Session, "after_transaction_end")
def _let_go(session: Session, transaction: object) -> None:
    session.info.pop(SESSION_CONNECTION_KEY, None)


def raw_connection(session: Session) -> Any:
    """The driver's own connection of a session's transaction."""
    return connection_of(session).connection.driver_connection
