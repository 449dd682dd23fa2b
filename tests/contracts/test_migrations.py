"""The migrations lead to the schema of the models, and back, on both databases, with data."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    UniqueConstraint,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from app.audit.actions import verify_chain
from app.db.session import db, unit_of_work, write_transaction
from app.demo.actions import building
from tests.factories.records import make_account, make_consultation, make_desk

pytestmark = pytest.mark.both_databases


@pytest.fixture
def filled_app(app):
    """Return an app with at least one row in the tables of every package."""
    desk = make_desk()
    ana = make_account("ana", "desk_staff", (desk,))
    make_account("eva", "supervisor", countries=("HND",))
    make_consultation(ana)
    db.session.remove()
    return app


def test_the_models_are_what_the_migrations_lead_to(app):
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []


def test_every_check_of_the_models_is_in_the_database(app):
    inspector = inspect(db.engine)
    for table in db.metadata.sorted_tables:
        expected = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
        names = {check["name"] for check in inspector.get_check_constraints(table.name)}
        assert expected <= names, table.name


def test_every_key_and_index_has_the_name_of_the_models(app):
    inspector = inspect(db.engine)
    for table in db.metadata.sorted_tables:
        stored = {str(inspector.get_pk_constraint(table.name)["name"])}
        readers = (
            inspector.get_foreign_keys,
            inspector.get_unique_constraints,
            inspector.get_indexes,
        )
        stored |= {str(item["name"]) for read in readers for item in read(table.name)}
        named = (ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint)
        expected = {str(c.name) for c in table.constraints if isinstance(c, named)}
        assert stored == expected | {str(index.name) for index in table.indexes}, table.name


def test_there_is_one_line_of_migrations_and_each_says_what_it_does(app):
    scripts = list(_scripts(app))
    numbers = [script.revision for script in scripts]
    assert numbers == [f"{n:04d}" for n in range(len(numbers), 0, -1)]
    assert all(script.doc for script in scripts)


def test_every_migration_goes_down_and_up_with_data_in_the_tables(filled_app):
    for script in list(_scripts(filled_app)):
        before = _shape()
        downgrade(revision="-1")
        assert _shape() != before, script.revision
        upgrade(revision=script.revision)
        assert _shape() == before, script.revision
        downgrade(revision="-1")
    assert inspect(db.engine).get_table_names() == ["alembic_version"]
    upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []


def test_the_standard_names_keep_every_row_there_and_back(app):
    with unit_of_work():
        building.build(db.session(), building.DemoOptions(3, 2, 60), lambda n: None)
    db.session.remove()
    names = ScriptDirectory.from_config(_config(app)).get_revision("0020").module.TABLES
    before = _contents()
    downgrade(revision="0019")
    former = _contents()
    assert former == {former_name(names, table): rows for table, rows in before.items()}
    assert former["bed_hold"] and former["return_step"] and former["letter"] == []
    upgrade()
    assert _contents() == before
    with db.engine.connect() as connection:
        if db.engine.dialect.name == "sqlite":
            checks = ("integrity_check", "foreign_key_check")
            results = [connection.exec_driver_sql(f"PRAGMA {name}").all() for name in checks]
            assert results == [[("ok",)], []]
        assert verify_chain(db.session())[1] is None


def former_name(names: dict[str, str], table: str) -> str:
    return next((old for old, new in names.items() if new == table), table)


def _contents() -> dict[str, list[str]]:
    """Every row of every table as a text, by the values alone."""
    db.engine.dispose()
    with db.engine.connect() as connection:
        return {
            name: sorted(
                repr(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {name}"))
            )
            for name in inspect(connection).get_table_names()
            if name != "alembic_version"
        }


def test_the_audit_log_refuses_changes_after_all_migrations(filled_app):
    statements = ["UPDATE audit_entry SET action = 'voided'", "DELETE FROM audit_entry"]
    if db.engine.dialect.name == "postgresql":
        statements.append("TRUNCATE audit_entry")
    for statement in statements:
        with write_transaction(), db.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM audit_entry")).scalar_one() > 0
            with pytest.raises(DBAPIError, match="append-only"):
                connection.execute(text(statement))
            connection.rollback()


def test_a_new_row_with_a_known_code_only(filled_app):
    lines = db.metadata.tables["person_line"]
    with db.engine.connect() as connection:
        row = connection.execute(select(lines).order_by(lines.c.id)).first()
    for wrong in ({"n": 0}, {"n": 100}, {"is_known": False, "previous_in_country": 202601}):
        with write_transaction(), db.engine.connect() as connection, pytest.raises(DBAPIError):
            connection.execute(lines.insert().values({**row._mapping, "id": 99, **wrong}))


def _scripts(app) -> Iterator:
    return ScriptDirectory.from_config(_config(app)).walk_revisions()


def _config(app) -> Config:
    return app.extensions["migrate"].migrate.get_config()


def _shape() -> dict[str, list[str]]:
    db.engine.dispose()
    inspector = inspect(db.engine)
    return {
        name: sorted(
            [column["name"] for column in inspector.get_columns(name)]
            + [str(index["name"]) for index in inspector.get_indexes(name)]
            + [str(check["name"]) for check in inspector.get_check_constraints(name)]
        )
        for name in sorted(inspector.get_table_names())
        if name != "alembic_version"
    }
