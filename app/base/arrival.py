"""What a row that a client sends is to us: new, the same again, or different under a known id."""

from functools import cache
from typing import Any

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.base.database import connection_of

NEW, SAME, DIFFERENT = "new", "same", "different"


def insert_once(session: Session, table: Table, row: dict[str, Any]) -> bool:
    """Inserts a row unless its id is there already; whether it was inserted. One statement, never check-then-insert."""
    connection = connection_of(session)
    return connection.execute(_once(table, connection.dialect.name), row).first() is not None


def insert_all_once(session: Session, table: Table, rows: list[dict[str, Any]]) -> set[Any]:
    """Inserts rows unless their ids are there already; the ids of those that were inserted."""
    if not rows:
        return set()
    connection = connection_of(session)
    once = _once(table, connection.dialect.name)
    return set(connection.execute(once, rows).scalars())


@cache
def _once(table: Table, dialect: str) -> Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    once = insert(table).on_conflict_do_nothing(index_elements=["id"])
    return once.returning(table.c.id)
