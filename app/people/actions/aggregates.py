"""Stores lines and adds their differences to the aggregates, in one order of tables and keys against deadlocks."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from typing import Any, TypeAlias
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

from app.db.session import connection_of, insert_rows
from app.db.types import CodeSet, UtcDateTime
from app.people.models.aggregates import BreakdownAggregate, ReachAggregate, VolumeAggregate
from app.people.models.lines import PersonLine
from app.people.rules.aggregates import AggregateDelta, AggregateKey

LineColumns: TypeAlias = dict[str, Any]
"""The columns of the row of one person line, by name."""
LINES, *AGGREGATES = (
    model.__table__ for model in (PersonLine, ReachAggregate, BreakdownAggregate, VolumeAggregate)
)
INSERT_LINES = insert(LINES)
NO_ROWS = "[]"
LINE_COLUMNS = tuple(column for column in LINES.columns if not column.primary_key)
PENDING = "pending_aggregates"


def apply_delta(session: Session, delta: AggregateDelta, lines: Sequence[LineColumns] = ()) -> None:
    """Store new lines and add the differences to the aggregates; differences of 0 are left out.

    PostgreSQL takes all of it in one round trip; SQLite, which has none, one table after the other.
    Inside `defer_aggregates` the lines are stored at once and the differences at the end of the block.
    """
    pending: AggregateDelta | None = session.info.get(PENDING)
    if pending is not None:
        store_lines(session, lines)
        pending.merge(delta)
        return
    values = zip(AGGREGATES, (delta.reach, delta.breakdowns, delta.volumes), strict=True)
    payloads = {table.name: _as_json(_changed_rows(sums)) for table, sums in values}
    if connection_of(session).dialect.name == "postgresql":
        lines_payload = {LINES.name: _lines_as_json(lines)} if lines else {}
        _execute_all(session, {**lines_payload, **payloads})
        return
    insert_rows(session, INSERT_LINES, list(lines))
    for table in AGGREGATES:
        if payloads[table.name] != NO_ROWS:
            statement = _upsert_statement(table)
            connection_of(session).execute(statement, {table.name: payloads[table.name]})


@contextmanager
def defer_aggregates(session: Session) -> Iterator[None]:
    """Add up all differences of the block and write them once at its end; if the block fails, none is written.

    Aggregates are locked last: a caller that changes many records must lock nothing after this block.
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


def store_lines(session: Session, lines: Sequence[LineColumns]) -> None:
    """Store new lines without changing the aggregates; PostgreSQL takes many of them in one round trip."""
    if len(lines) > 1 and connection_of(session).dialect.name == "postgresql":
        connection_of(session).execute(_insert_statement(), {LINES.name: _lines_as_json(lines)})
    else:
        insert_rows(session, INSERT_LINES, list(lines))


def _lines_as_json(lines: Sequence[LineColumns]) -> str:
    return _as_json([[_plain_value(line[c.name], c) for c in LINE_COLUMNS] for line in lines])


def _execute_all(session: Session, payloads: Mapping[str, str]) -> None:
    if any(payload != NO_ROWS for payload in payloads.values()):
        connection_of(session).execute(_combined_statement(LINES.name in payloads), payloads)


def _changed_rows(sums: dict[AggregateKey, list[Any]]) -> list[list[Any]]:
    """Return the rows of one table that change, in the order of their keys."""
    return [[*key, *sums[key]] for key in sorted(sums) if any(sums[key][:3])]


def _as_json(rows: list[list[Any]]) -> str:
    return json.dumps(rows, default=_as_text, separators=(",", ":"))


def _plain_value(value: Any, column: Column[Any]) -> Any:
    return ",".join(sorted(value)) if isinstance(column.type, CodeSet) else value


def _as_text(value: date | datetime | UUID) -> str:
    """Return a value as SQLite stores it and PostgreSQL reads it."""
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else str(value)


@cache
def _insert_statement() -> TextClause:
    return text(_insert_sql(LINES.name, LINE_COLUMNS, postgresql=True))


@cache
def _combined_statement(with_lines: bool) -> TextClause:
    """Return one statement for all tables: PostgreSQL runs the parts of WITH in the same order for every writer."""
    *parts, last = (_upsert_sql(table, postgresql=True) for table in AGGREGATES)
    if with_lines:
        parts.insert(0, _insert_sql(LINES.name, LINE_COLUMNS, postgresql=True))
    named_parts = ", ".join(f"part_{n} AS ({part})" for n, part in enumerate(parts))
    return text(f"WITH {named_parts} {last}")


@cache
def _upsert_statement(table: Table) -> TextClause:
    return text(_upsert_sql(table, postgresql=False))


def _insert_sql(table: str, columns: Sequence[Column[Any]], *, postgresql: bool) -> str:
    """Return the SQL that inserts rows from one JSON parameter, which has the name of the table."""
    names = ", ".join(column.name for column in columns)
    values = [f"value->>{n}" for n in range(len(columns))]
    rows = f"json_each(:{table})"
    if postgresql:
        values = [_cast(column, value) for column, value in zip(columns, values, strict=True)]
        rows = f"jsonb_array_elements(CAST(:{table} AS jsonb)) AS each(value)"
    parts = ("INSERT INTO", table, f"({names})", "SELECT", ", ".join(values), "FROM", rows)
    return " ".join(parts)


def _upsert_sql(table: Table, *, postgresql: bool) -> str:
    """Return the SQL that adds rows from one JSON parameter to the aggregates of a table."""
    keys = ", ".join(column.name for column in table.primary_key)
    changes = ", ".join(_change_sql(table.name, c) for c in table.columns if not c.primary_key)
    inserted = _insert_sql(table.name, tuple(table.columns), postgresql=postgresql)
    return f"{inserted} WHERE true ON CONFLICT ({keys}) DO UPDATE SET {changes}"


def _cast(column: Column[Any], value: str) -> str:
    if isinstance(column.type, UtcDateTime):
        return f"CAST({value} AS timestamp) AT TIME ZONE 'UTC'"
    sql_types = (
        (Boolean, "boolean"),
        (Integer, "integer"),
        (Date, "date"),
        (DateTime, "timestamptz"),
        (Uuid, "uuid"),
    )
    sql_type = next((name for type_, name in sql_types if isinstance(column.type, type_)), None)
    return f"CAST({value} AS {sql_type})" if sql_type else value


def _change_sql(table: str, column: Column[Any]) -> str:
    old, new = f"{table}.{column.name}", f"excluded.{column.name}"
    if isinstance(column.type, Integer):
        return f"{column.name} = {old} + {new}"
    return f"{column.name} = CASE WHEN {new} > {old} THEN {new} ELSE {old} END"
