"""Stores lines and what they change of the cells, in one order of tables and keys, so that nobody waits in a circle."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    Table,
    TextClause,
    Uuid,
    insert,
    text,
)
from sqlalchemy.orm import Session

from app.db.session import CodeSet, UtcDateTime, connection_of, insert_rows
from app.people.models.aggregates import BreakdownAggregate, ReachAggregate, VolumeAggregate
from app.people.models.lines import PersonLine
from app.people.rules.aggregates import AggregateDelta, AggregateKey

LINES, *CELLS = (
    some.__table__ for some in (PersonLine, ReachAggregate, BreakdownAggregate, VolumeAggregate)
)
NEW = insert(LINES)
EMPTY = "[]"
STORED = tuple(column for column in LINES.columns if not column.primary_key)
PENDING = "pending_sums"


def apply_delta(
    session: Session, sums: AggregateDelta, lines: Sequence[dict[str, Any]] = ()
) -> None:
    """Stores new lines and adds the differences to the cells; what is no difference is left out.

    PostgreSQL takes all of it in one journey; SQLite, where a journey costs nothing, one table after the other.
    Inside `once` the lines are stored, and the differences wait for its end.
    """
    pending: AggregateDelta | None = session.info.get(PENDING)
    if pending is not None:
        store_lines(session, lines)
        pending.merge(sums)
        return
    changed = zip(CELLS, (sums.reach, sums.breakdowns, sums.volumes), strict=True)
    sent = {table.name: _said(_rows(cells)) for table, cells in changed}
    if connection_of(session).dialect.name == "postgresql":
        _at_once(session, {LINES.name: _stored(lines), **sent} if lines else sent)
        return
    insert_rows(session, NEW, list(lines))
    for table in CELLS:
        if sent[table.name] != EMPTY:
            connection_of(session).execute(_adding(table), {table.name: sent[table.name]})


@contextmanager
def defer_aggregates(session: Session) -> Iterator[None]:
    """Adds up all differences of the block and writes them once, when it ends well; of a failed block none is kept.

    Cells are locked last, so whoever changes many records must not lock anything after the first cell.
    """
    outer, own = session.info.get(PENDING), AggregateDelta()
    session.info[PENDING] = own
    try:
        yield
    finally:
        session.info.pop(PENDING)
        if outer is not None:
            session.info[PENDING] = outer
    apply_delta(session, own)


def store_lines(session: Session, lines: Sequence[dict[str, Any]]) -> None:
    """Stores new lines and leaves the cells as they are; PostgreSQL takes many in one journey."""
    if len(lines) > 1 and connection_of(session).dialect.name == "postgresql":
        connection_of(session).execute(_storing(), {LINES.name: _stored(lines)})
    else:
        insert_rows(session, NEW, list(lines))


def _stored(lines: Sequence[dict[str, Any]]) -> str:
    return _said([[_plain(line[c.name], c) for c in STORED] for line in lines])


def _at_once(session: Session, sent: Mapping[str, str]) -> None:
    if any(said != EMPTY for said in sent.values()):
        connection_of(session).execute(_adding_all(LINES.name in sent), sent)


def _rows(sums: dict[AggregateKey, list[Any]]) -> list[list[Any]]:
    """The rows of one table in the order of their keys."""
    return [[*key, *sums[key]] for key in sorted(sums) if any(sums[key][:3])]


def _said(rows: list[list[Any]]) -> str:
    return json.dumps(rows, default=_written, separators=(",", ":"))


def _plain(value: Any, column: Column[Any]) -> Any:
    return ",".join(sorted(value)) if isinstance(column.type, CodeSet) else value


def _written(value: date | datetime | UUID) -> str:
    """A day or moment as SQLite keeps it and PostgreSQL reads it."""
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else str(value)


@cache
def _storing() -> TextClause:
    return text(_insert(LINES.name, STORED, postgresql=True))


@cache
def _adding_all(with_lines: bool) -> TextClause:
    """All in one statement: PostgreSQL runs the parts of WITH in one order, the same for every writer."""
    *parts, last = (_upsert(table, postgresql=True) for table in CELLS)
    if with_lines:
        parts.insert(0, _insert(LINES.name, STORED, postgresql=True))
    said = ", ".join(f"part_{n} AS ({words})" for n, words in enumerate(parts))
    return text(f"WITH {said} {last}")


@cache
def _adding(table: Table) -> TextClause:
    return text(_upsert(table, postgresql=False))


def _insert(table: str, columns: Sequence[Column[Any]], *, postgresql: bool) -> str:
    """The words that insert rows sent as one JSON text, whose parameter has the name of the table."""
    names = ", ".join(column.name for column in columns)
    values = [f"value->>{n}" for n in range(len(columns))]
    rows = f"json_each(:{table})"
    if postgresql:
        values = [_cast(*one) for one in zip(columns, values, strict=True)]
        rows = f"jsonb_array_elements(CAST(:{table} AS jsonb)) AS each(value)"
    parts = ("INSERT INTO", table, f"({names})", "SELECT", ", ".join(values), "FROM", rows)
    return " ".join(parts)


def _upsert(table: Table, *, postgresql: bool) -> str:
    """The words that add rows to the cells of a table."""
    keys = ", ".join(column.name for column in table.primary_key)
    changes = ", ".join(_added(table.name, one) for one in table.columns if not one.primary_key)
    inserted = _insert(table.name, tuple(table.columns), postgresql=postgresql)
    return f"{inserted} WHERE true ON CONFLICT ({keys}) DO UPDATE SET {changes}"


def _cast(column: Column[Any], value: str) -> str:
    if isinstance(column.type, UtcDateTime):
        return f"CAST({value} AS timestamp) AT TIME ZONE 'UTC'"
    kinds = (
        (Boolean, "boolean"),
        (Integer, "integer"),
        (Date, "date"),
        (DateTime, "timestamptz"),
        (Uuid, "uuid"),
    )
    kind = next((name for type_, name in kinds if isinstance(column.type, type_)), None)
    return f"CAST({value} AS {kind})" if kind else value


def _added(table: str, column: Column[Any]) -> str:
    here, new = f"{table}.{column.name}", f"excluded.{column.name}"
    if isinstance(column.type, Integer):
        return f"{column.name} = {here} + {new}"
    return f"{column.name} = CASE WHEN {new} > {here} THEN {new} ELSE {here} END"
