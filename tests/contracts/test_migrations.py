"""The migrations lead to the schema of the models, and back, on both databases, with data."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import CheckConstraint, inspect, select, text
from sqlalchemy.exc import DBAPIError

from app.db.session import db, write_transaction
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


def test_the_audit_log_refuses_changes_after_all_migrations(filled_app):
    statements = ["UPDATE audit_entry SET act = 'voided'", "DELETE FROM audit_entry"]
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
    for wrong in ({"n": 0}, {"n": 100}, {"known": False, "previous_in_country": 202601}):
        with write_transaction(), db.engine.connect() as connection, pytest.raises(DBAPIError):
            connection.execute(lines.insert().values({**row._mapping, "id": 99, **wrong}))


def _scripts(app) -> Iterator:
    config = app.extensions["migrate"].migrate.get_config()
    return ScriptDirectory.from_config(config).walk_revisions()


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
