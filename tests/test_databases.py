"""A test finds its database as the migrations leave it, whatever the one before it did."""

import psycopg
import pytest
from sqlalchemy import text

from app.db.session import db
from tests.databases import TABLES, PostgresDatabase
from tests.factories.records import make_account, make_consultation, make_desk

MORE_THAN_ROWS = (
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
def tested(cluster: str, postgres_template: str) -> PostgresDatabase:
    made = PostgresDatabase(cluster, postgres_template, "tested_here")
    made.clean()
    return made


def connected(tested: PostgresDatabase) -> psycopg.Connection:
    address = (tested.cluster + tested.name).replace("+psycopg", "")
    return psycopg.connect(address, autocommit=True)


def rows(connection: psycopg.Connection) -> dict[str, int]:
    names = [name for (name,) in connection.execute(TABLES)]
    return {n: connection.execute(f"SELECT count(*) FROM {n}").fetchone()[0] for n in names}


def number_of(connection: psycopg.Connection) -> int:
    """Which database of that name it is."""
    row = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
    return int(row.fetchone()[0])


@pytest.mark.both_databases
@pytest.mark.parametrize("n", [1, 2])
def test_each_test_begins_with_nothing_and_the_first_number(app, n):
    for table in reversed(db.metadata.sorted_tables):
        assert db.session.execute(text(f"SELECT count(*) FROM {table.name}")).scalar() == 0
    db.session.rollback()
    desk = make_desk()
    ana = make_account("ana", "desk_staff", (desk,))
    make_consultation(ana)
    assert (desk.id, ana.account_id) == (1, 1)


def test_rows_go_sequences_begin_anew_and_the_database_stays(tested: PostgresDatabase):
    with connected(tested) as connection:
        before = number_of(connection)
        for _ in range(3):
            connection.execute("INSERT INTO rate_limit VALUES (gen_random_uuid(), 1, now())")
        connection.execute("SELECT nextval(pg_get_serial_sequence('desk', 'id'))")
        assert rows(connection)["rate_limit"] == 3
    tested.clean()
    with connected(tested) as connection:
        assert number_of(connection) == before
        assert set(rows(connection).values()) == {0}
        assert connection.execute(
            "SELECT nextval(pg_get_serial_sequence('desk', 'id'))"
        ).fetchone() == (1,)


@pytest.mark.parametrize("statement", MORE_THAN_ROWS)
def test_what_is_more_than_rows_is_seen_and_the_database_made_anew(
    tested: PostgresDatabase, statement: str
):
    with connected(tested) as connection:
        before = number_of(connection)
        connection.execute(statement.replace("tested", tested.name))
    tested.clean()
    with connected(tested) as connection:
        assert number_of(connection) != before


def test_whoever_holds_a_lock_is_sent_away(tested: PostgresDatabase):
    with connected(tested) as connection:
        before = number_of(connection)
    other = psycopg.connect((tested.cluster + tested.name).replace("+psycopg", ""))
    other.execute("LOCK TABLE desk")
    other.execute("INSERT INTO rate_limit VALUES ('x', 1, now())")
    tested.clean()
    with pytest.raises(psycopg.OperationalError):
        other.execute("SELECT 1")
    other.close()
    with connected(tested) as connection:
        assert number_of(connection) == before
        assert set(rows(connection).values()) == {0}
