"""Every test gets its database as the migrations leave it, after any other test."""

import psycopg
import pytest
from sqlalchemy import text

from app.db.session import db
from tests.databases import TABLES, PostgresDatabase
from tests.factories.records import make_account, make_consultation, make_desk

SCHEMA_CHANGES = (
    "ALTER TABLE desk ADD COLUMN more text",
    "ALTER TABLE desk DROP COLUMN organisation",
    "DROP TRIGGER audit_entry_no_change ON audit_entry",
    "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_no_change",
    "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger AS 'BEGIN RETURN NEW; END' LANGUAGE plpgsql",
    "ALTER TABLE desk DROP CONSTRAINT pk_desk CASCADE",
    "CREATE INDEX more ON desk (name)",
    "CREATE SCHEMA more",
    "REVOKE SELECT ON desk FROM test",
    "ALTER DATABASE tested SET statement_timeout = '7s'",
    "UPDATE alembic_version SET version_num = '0001'",
)


@pytest.fixture
def own_database(cluster: str, postgres_template: str) -> PostgresDatabase:
    database = PostgresDatabase(cluster, postgres_template, "tested_here")
    database.clean()
    return database


def connect(own_database: PostgresDatabase) -> psycopg.Connection:
    address = (own_database.cluster + own_database.name).replace("+psycopg", "")
    return psycopg.connect(address, autocommit=True)


def rows(connection: psycopg.Connection) -> dict[str, int]:
    names = [name for (name,) in connection.execute(TABLES)]
    return {n: connection.execute(f"SELECT count(*) FROM {n}").fetchone()[0] for n in names}


def oid_of(connection: psycopg.Connection) -> int:
    """Return the oid of the database, which a new one of the same name does not have."""
    row = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
    return int(row.fetchone()[0])


@pytest.mark.both_databases
@pytest.mark.parametrize("n", [1, 2])
def test_each_test_begins_with_empty_tables_and_the_first_id(app, n):
    for table in reversed(db.metadata.sorted_tables):
        assert db.session.execute(text(f"SELECT count(*) FROM {table.name}")).scalar() == 0
    db.session.rollback()
    desk = make_desk()
    ana = make_account("ana", "desk_staff", (desk,))
    make_consultation(ana)
    assert (desk.id, ana.account_id) == (1, 1)


def test_rows_are_deleted_sequences_restart_and_the_database_stays(own_database: PostgresDatabase):
    with connect(own_database) as connection:
        before = oid_of(connection)
        for _ in range(3):
            connection.execute("INSERT INTO rate_limit VALUES (gen_random_uuid(), 1, now())")
        connection.execute("SELECT nextval(pg_get_serial_sequence('desk', 'id'))")
        assert rows(connection)["rate_limit"] == 3
    own_database.clean()
    with connect(own_database) as connection:
        assert oid_of(connection) == before
        assert set(rows(connection).values()) == {0}
        assert connection.execute(
            "SELECT nextval(pg_get_serial_sequence('desk', 'id'))"
        ).fetchone() == (1,)


@pytest.mark.parametrize("statement", SCHEMA_CHANGES)
def test_a_change_of_the_schema_is_detected_and_the_database_recreated(
    own_database: PostgresDatabase, statement: str
):
    with connect(own_database) as connection:
        before = oid_of(connection)
        connection.execute(statement.replace("tested", own_database.name))
    own_database.clean()
    with connect(own_database) as connection:
        assert oid_of(connection) != before


def test_a_connection_with_a_lock_is_terminated(own_database: PostgresDatabase):
    with connect(own_database) as connection:
        before = oid_of(connection)
    other = psycopg.connect((own_database.cluster + own_database.name).replace("+psycopg", ""))
    other.execute("LOCK TABLE desk")
    other.execute("INSERT INTO rate_limit VALUES ('x', 1, now())")
    own_database.clean()
    with pytest.raises(psycopg.OperationalError):
        other.execute("SELECT 1")
    other.close()
    with connect(own_database) as connection:
        assert oid_of(connection) == before
        assert set(rows(connection).values()) == {0}
