"""What a row that a client sends is to us: new, the same again, or different under a known id."""

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db.session import connection_of

NEW, SAME, DIFFERENT = "new", "same", "different"


def insert_once(session: Session, table: Table, row: dict[str, Any]) -> bool:
    """Inserts a row unless its id is there already; whether it was inserted. One statement, never check-then-insert."""
    return bool(insert_all_once(session, table, [row]))


def insert_all_once(session: Session, table: Table, rows: list[dict[str, Any]]) -> set[Any]:
    """Inserts rows unless their ids are there already; the ids of those that were inserted."""
    if not rows:
        return set()
    connection = connection_of(session)
    once = _once(table, connection.dialect.name)
    return set(connection.execute(once, rows[0] if len(rows) == 1 else rows).scalars())


@cache
def _once(table: Table, dialect: str) -> Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    once = insert(table).on_conflict_do_nothing(index_elements=["id"])
    return once.returning(table.c.id)


DRAWS = 50


def insert_with_random_code(
    session: Session,
    table: Table,
    row: dict[str, Any],
    drawn: tuple[str, Callable[[], str]],
    is_known: Callable[[], bool],
) -> bool:
    """Inserts a row with a code that no other has (`drawn`: its column, and what draws one).

    False where `is_known` says that something else than the code kept it out: its id, or what may stand once only.
    """
    connection, (name, draw) = connection_of(session), drawn
    once = _unless_there(table, connection.dialect.name).returning(table.c.id)
    for _ in range(DRAWS):
        if connection.execute(once, {**row, name: draw()}).first() is not None:
            return True
        if is_known():
            return False
    raise RuntimeError(f"no free {name}: far too many rows of {table.name} are there")


def _unless_there(table: Table, dialect: str) -> postgresql.Insert | sqlite.Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()
