"""Clean databases for tests: one of each kind, returned between tests to the state after the migrations."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

MOST_ROWS = 5_000
"""A database that held more is created again: deleted rows would still cost space and time."""
CATALOGUES = (
    *("pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_trigger"),
    *("pg_proc", "pg_type", "pg_namespace", "pg_authid", "pg_auth_members"),
    *("pg_default_acl", "pg_db_role_setting"),
)
"""The catalogues in which PostgreSQL keeps tables, functions, rights and settings."""
SHAPE = " || ' ' || ".join(
    f"(SELECT concat(count(*), ':', max(xmin::text::bigint)) FROM {name})" for name in CATALOGUES
)
VERSION = "(SELECT string_agg(version_num, ' ') FROM alembic_version)"
OTHERS = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
TABLES = """
    SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND relname <> 'alembic_version' ORDER BY relname
"""
RESET = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL
"""


def ask(cluster: str, statement: str) -> None:
    """Run one statement on a cluster, outside of a transaction."""
    with psycopg.connect(_plain(cluster) + "postgres", autocommit=True) as connection:
        connection.execute(statement)


def _plain(address: str) -> str:
    return address.replace("postgresql+psycopg", "postgresql")


@dataclass
class SqliteFile:
    """One place for a file; each test finds a new copy of the template there."""

    template: Path
    path: Path

    def clean(self) -> str:
        """Return the address of the database, empty and migrated."""
        for name in ("", "-journal", "-wal", "-shm"):
            self.path.with_name(self.path.name + name).unlink(missing_ok=True)
        shutil.copyfile(self.template, self.path)
        return f"sqlite:///{self.path}"


@dataclass
class PostgresDatabase:
    """One database under one name. The rows that a test left are deleted, and its sequences begin again.

    It is dropped and copied again from the template if a test changed more than rows: tables, triggers, functions,
    rights, settings, the version of the migrations. Open connections are closed first.
    """

    cluster: str
    template: str
    name: str
    _shape: str = ""
    _tables: list[str] = field(default_factory=list)

    def clean(self) -> str:
        """Return the address of the database, empty and migrated."""
        if not (self._shape and self._is_emptied()):
            self._make()
        return self.cluster + self.name

    def _make(self) -> None:
        ask(self.cluster, f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
        ask(self.cluster, f"CREATE DATABASE {self.name} TEMPLATE {self.template}")
        with self._connect() as connection:
            self._shape = self._read_shape(connection)
            self._tables = [name for (name,) in connection.execute(TABLES)]

    def _is_emptied(self) -> bool:
        try:
            with self._connect() as connection:
                connection.execute(OTHERS)
                return self._read_shape(connection) == self._shape and self._delete(connection)
        except psycopg.Error:
            return False

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(_plain(self.cluster) + self.name, autocommit=True)

    def _read_shape(self, connection: psycopg.Connection) -> str:
        row = connection.execute(f"SELECT {SHAPE} || {VERSION}").fetchone()
        return str(row and row[0])

    def _delete(self, connection: psycopg.Connection) -> bool:
        connection.execute("SET session_replication_role = replica")  # neither triggers nor keys
        rows = sum(
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name))).rowcount
            for name in self._filled(connection)
        )
        connection.execute(RESET)
        return rows <= MOST_ROWS

    def _filled(self, connection: psycopg.Connection) -> list[str]:
        query = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
        each = [query.format(sql.Literal(name), sql.Identifier(name)) for name in self._tables]
        return [name for (name,) in connection.execute(sql.SQL(" UNION ALL ").join(each))]
