"""The session, its transactions, and the one commit of a request."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Insert, MetaData, Row, Table, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Session as Session  # noqa: PLC0414 - for the signatures of forms

from app.db.connections import is_commit_unconfirmed, is_writing
from app.db.faults import is_disconnect

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row of any query; its columns are attributes."""
RowValues: TypeAlias = dict[str, Any]
"""The values of a row to be written, by column."""
has_committed: ContextVar[bool] = ContextVar("has_committed", default=False)
"""Whether something of this request is stored already, so that it must not be run again."""
_before_commit: list[Callable[[Session], None]] = []
SESSION_CONNECTION_KEY = "connection"


class Base(DeclarativeBase):
    """The base of every table; constraints have names, so that a violated one can be identified."""

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


class CommitOutcomeUnknown(Exception):
    """The commit may or may not last: a standby did not confirm it, or the connection ended during it."""


@contextmanager
def write_transaction() -> Iterator[None]:
    """Allow writes inside the block; on SQLite its first statement takes the write lock (BEGIN IMMEDIATE).

    SQLite refuses a read transaction that turns into a write, so the transaction so far is rolled back there. Callers
    therefore check the principal and the request before, without making others wait for the lock.
    """
    if db.session.get_bind().dialect.name == "sqlite":
        db.session.rollback()
    token = is_writing.set(True)
    try:
        yield
    finally:
        is_writing.reset(token)


def set_before_commit(*hooks: Callable[[Session], None]) -> None:
    """Set the hooks that every commit runs as its last statements, in this order (the audit chain)."""
    _before_commit[:] = hooks


def commit() -> None:
    """Run the hooks and commit, once per request or command; raises CommitOutcomeUnknown if it may not last."""
    session = db.session()
    session.flush()
    for hook in _before_commit:
        hook(session)
    is_commit_unconfirmed.set(False)
    _commit(session)
    if is_commit_unconfirmed.get():
        raise CommitOutcomeUnknown
    has_committed.set(True)


def _commit(session: Session) -> None:
    try:
        session.commit()
    except DBAPIError as error:
        if is_disconnect(error):
            raise CommitOutcomeUnknown from error
        raise


def rollback_or_invalidate() -> None:
    """Roll back; if the database cannot be reached, discard the connection instead of raising."""
    try:
        db.session.rollback()
    except DBAPIError:
        db.session().invalidate()


def commit_audited_read() -> None:
    """End a read-only transaction, then write its audit entry in a second one.

    So the write lock is not held while the page is rendered.
    """
    session = db.session()
    pending = {key: value for key, value in session.info.items() if key != SESSION_CONNECTION_KEY}
    for key in pending:
        del session.info[key]
    session.commit()  # not a rollback, which would cost the connection its prepared statements
    if not pending:
        return
    with write_transaction():
        session.info.update(pending)
        commit()


@contextmanager
def independent_transaction() -> Iterator[None]:
    """Roll back what the request has not committed, then commit the block: it lasts even if the request fails."""
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
    """Commit the block as one transaction of a command, or roll it back if it raises."""
    db.session.rollback()
    with write_transaction():
        try:
            yield
            commit()
        finally:
            db.session.rollback()


def connection_of(session: Session) -> Connection:
    """Return the connection of the session's transaction; looked up once per transaction."""
    connection: Connection | None = session.info.get(SESSION_CONNECTION_KEY)
    if connection is None:
        connection = session.info[SESSION_CONNECTION_KEY] = session.connection()
    return connection


def insert_rows(session: Session, statement: Insert, rows: list[RowValues]) -> None:
    """Insert rows; a single row without `executemany`, which costs more than it saves."""
    if rows:
        connection_of(session).execute(statement, rows[0] if len(rows) == 1 else rows)


@event.listens_for(Session, "after_transaction_end")
def _forget_connection(session: Session, transaction: object) -> None:
    session.info.pop(SESSION_CONNECTION_KEY, None)


def raw_connection(session: Session) -> Any:
    """Return the driver's connection of the session's transaction."""
    return connection_of(session).connection.driver_connection
