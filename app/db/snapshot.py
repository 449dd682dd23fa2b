"""Snapshot reads on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.db.session import Session, db


@contextmanager
def snapshot() -> Iterator[Session]:
    """Yield a session that sees the whole database at one moment; nothing it writes is stored."""
    db.session.rollback()
    session = db.session()
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    try:
        yield session
    finally:
        db.session.rollback()
