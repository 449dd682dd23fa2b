"""`/healthz` and `/readyz`: what they say, and that they say no secret."""

import pytest
from flask_migrate import downgrade, upgrade

from app.db.session import db
from app.ops.rules import list_problems
from tests.conftest import create_app, settings_for
from tests.factories.records import in_new_context

pytestmark = pytest.mark.both_databases


def ask(app, path="/readyz"):
    return in_new_context(app.test_client().get, path)


def test_a_migrated_app_is_alive_and_ready(app):
    assert ask(app, "/healthz").get_json() == {"status": "alive"}
    answer = ask(app)
    said = answer.get_json()
    assert (answer.status_code, said["status"], said["problems"]) == (200, "ready", [])
    assert (said["database"], said["migrations"]) == (db.engine.dialect.name, "head")
    assert said["disk_free_mb"] > 0


def test_the_journal_of_sqlite_is_named(app):
    sqlite = db.engine.dialect.name == "sqlite"
    assert ask(app).get_json()["sqlite_journal_mode"] in (
        ("wal", "truncate") if sqlite else (None,)
    )


def test_a_missing_migration_is_not_ready(app):
    downgrade()
    answer = ask(app)
    upgrade()
    assert (answer.status_code, answer.get_json()["migrations"]) == (503, "behind")
    assert answer.get_json()["problems"] == ["migrations_behind"]
    assert ask(app).status_code == 200


def test_a_database_nobody_migrated_is_not_ready(tmp_path):
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'new.sqlite'}"))
    answer = ask(app)
    assert (answer.status_code, answer.get_json()["problems"]) == (503, ["migrations_none"])
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////nowhere/at/all.sqlite",
        "postgresql+psycopg://somebody:s3cret-word@127.0.0.1:9/gone",
    ],
)
def test_a_database_out_of_reach_is_not_ready_and_no_address_is_told(url):
    app = create_app(settings_for(url))
    answer = ask(app)
    said = answer.get_json()
    assert (answer.status_code, said["status"], said["database"]) == (
        503,
        "not_ready",
        "unreachable",
    )
    assert "database_unreachable" in said["problems"]
    assert not any(word in answer.text for word in ("s3cret", "127.0.0.1", "nowhere", "somebody"))
    with app.app_context():
        db.engine.dispose()


def test_a_full_disk_is_not_ready():
    assert list_problems("", "head", 99) == ["disk_full"]
    assert list_problems("", "head", 100) == []
