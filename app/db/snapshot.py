"""A reading in which nothing changes meanwhile, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.db.session import Session, db


@contextmanager
def snapshot() -> Iterator[Session]:
    """A session that sees one moment of the whole database; nothing can be written in it."""
    db.session.rollback()
    session = db.session()
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    try:
        yield session
    finally:
        db.session.rollback()
