"""Idempotent inserts: a row that a client sends is new, the same again, or different under a known id."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db.session import RowValues, connection_of

NEW, SAME, DIFFERENT = "new", "same", "different"


def insert_once(session: Session, table: Table, row: RowValues) -> bool:
    """Insert a row unless its id exists; return whether it was inserted. One statement, never check-then-insert."""
    return bool(insert_all_once(session, table, [row]))


def insert_all_once(session: Session, table: Table, rows: list[RowValues]) -> set[Any]:
    """Insert rows unless their ids exist; return the ids of those that were inserted."""
    if not rows:
        return set()
    connection = connection_of(session)
    statement = _insert_unless_id_exists(table, connection.dialect.name)
    return set(connection.execute(statement, rows[0] if len(rows) == 1 else rows).scalars())


@cache
def _insert_unless_id_exists(table: Table, dialect: str) -> Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing(index_elements=["id"]).returning(table.c.id)


MAX_CODE_ATTEMPTS = 50


@dataclass(frozen=True)
class RandomCode:
    """A column and the function that generates a random value for it."""

    column: str
    generate: Callable[[], str]


def insert_with_random_code(
    session: Session,
    table: Table,
    row: RowValues,
    code: RandomCode,
    is_duplicate: Callable[[], bool],
) -> bool:
    """Insert a row with a generated code that no other row has; return whether it was inserted.

    `is_duplicate` is asked after each conflict: True if another constraint than that of the code was violated (the
    row's id, or what may exist once only). Raises RuntimeError after MAX_CODE_ATTEMPTS codes that were all taken.
    """
    connection = connection_of(session)
    statement = _insert_or_ignore(table, connection.dialect.name).returning(table.c.id)
    for _ in range(MAX_CODE_ATTEMPTS):
        if connection.execute(statement, {**row, code.column: code.generate()}).first() is not None:
            return True
        if is_duplicate():
            return False
    raise RuntimeError(f"no free {code.column}: far too many rows of {table.name} exist")


def _insert_or_ignore(table: Table, dialect: str) -> postgresql.Insert | sqlite.Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()
