"""Applies differences to cells: one statement a table, in the order of their keys, so that nobody waits in a circle."""

import json
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Boolean, Column, Date, DateTime, Integer, Table, TextClause, text
from sqlalchemy.orm import Session

from app.base.database import Moment, connection_of
from app.people.models.cells import PartCell, ReachCell, VolumeCell
from app.people.rules.cells import Key, Sums

REACH, PARTS, VOLUMES = (some.__table__ for some in (ReachCell, PartCell, VolumeCell))


def apply(session: Session, sums: Sums) -> None:
    """Adds the differences to the cells; what is no difference is left out."""
    _apply(session, REACH, sums.reach)
    _apply(session, PARTS, sums.parts)
    _apply(session, VOLUMES, sums.volumes)


def _apply(session: Session, table: Table, sums: dict[Key, list[Any]]) -> None:
    rows = [[*key, *sums[key]] for key in sorted(sums) if any(sums[key][:3])]
    if rows:
        connection = connection_of(session)
        said = json.dumps(rows, default=_written, separators=(",", ":"))
        connection.execute(_adding(table, connection.dialect.name), {"cells": said})


def _written(value: date | datetime) -> str:
    """A day or moment as SQLite keeps it and PostgreSQL reads it."""
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else str(value)


@cache
def _adding(table: Table, dialect: str) -> TextClause:
    """The statement that adds rows, sent as one JSON text, to the cells of a table."""
    postgresql = dialect == "postgresql"
    names = [column.name for column in table.columns]
    columns = zip(range(len(names)), table.columns, strict=True)
    values = [
        _cast(column, f"value->>{n}") if postgresql else f"value->>{n}" for n, column in columns
    ]
    rows = (
        "json_array_elements(CAST(:cells AS json)) AS each(value)"
        if postgresql
        else "json_each(:cells)"
    )
    keys = [column.name for column in table.primary_key]
    changes = [_added(table.name, column) for column in table.columns if not column.primary_key]
    parts = (
        ("INSERT INTO", table.name, f"({', '.join(names)})"),
        ("SELECT", ", ".join(values), "FROM", rows, "WHERE true"),
        ("ON CONFLICT", f"({', '.join(keys)})", "DO UPDATE SET", ", ".join(changes)),
    )
    return text(" ".join(word for part in parts for word in part))


def _cast(column: Column[Any], value: str) -> str:
    if isinstance(column.type, Moment):
        return f"CAST({value} AS timestamp) AT TIME ZONE 'UTC'"
    kinds = ((Boolean, "boolean"), (Integer, "integer"), (Date, "date"), (DateTime, "timestamptz"))
    kind = next((name for type_, name in kinds if isinstance(column.type, type_)), None)
    return f"CAST({value} AS {kind})" if kind else value


def _added(table: str, column: Column[Any]) -> str:
    here, new = f"{table}.{column.name}", f"excluded.{column.name}"
    if isinstance(column.type, Integer):
        return f"{column.name} = {here} + {new}"
    return f"{column.name} = CASE WHEN {new} > {here} THEN {new} ELSE {here} END"
