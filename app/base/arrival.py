"""What a row that a client sends is to us: new, the same again, or different under a known id."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

NEW, SAME, DIFFERENT = "new", "same", "different"


def insert_once(session: Session, table: Table, row: dict[str, Any]) -> bool:
    """Inserts a row unless its id is there already; whether it was inserted. One statement, never check-then-insert."""
    if session.get_bind().dialect.name == "postgresql":
        once = postgresql.insert(table).values(**row).on_conflict_do_nothing(index_elements=["id"])
        return session.execute(once.returning(table.c.id)).first() is not None
    new = sqlite.insert(table).values(**row).on_conflict_do_nothing(index_elements=["id"])
    return session.execute(new.returning(table.c.id)).first() is not None
