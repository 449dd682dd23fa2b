"""`/healthz` and `/readyz`: what they report, and that they report no secret."""

import pytest
from flask_migrate import downgrade, upgrade

from app.db.session import db
from app.ops.rules import list_problems
from tests.conftest import create_app, settings_for
from tests.factories.records import in_new_context

pytestmark = pytest.mark.both_databases


def get(app, path="/readyz"):
    return in_new_context(app.test_client().get, path)


def test_a_migrated_app_is_alive_and_ready(app):
    assert get(app, "/healthz").get_json() == {"status": "alive"}
    answer = get(app)
    body = answer.get_json()
    assert (answer.status_code, body["status"], body["problems"]) == (200, "ready", [])
    assert (body["database"], body["migrations"]) == (db.engine.dialect.name, "head")
    assert body["disk_free_mb"] > 0


def test_the_journal_of_sqlite_is_named(app):
    sqlite = db.engine.dialect.name == "sqlite"
    assert get(app).get_json()["sqlite_journal_mode"] in (
        ("wal", "truncate") if sqlite else (None,)
    )


def test_a_missing_migration_is_not_ready(app):
    downgrade()
    answer = get(app)
    upgrade()
    assert (answer.status_code, answer.get_json()["migrations"]) == (503, "behind")
    assert answer.get_json()["problems"] == ["migrations_behind"]
    assert get(app).status_code == 200


def test_a_database_nobody_migrated_is_not_ready(tmp_path):
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'new.sqlite'}"))
    answer = get(app)
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
def test_an_unreachable_database_is_not_ready_and_no_address_is_disclosed(url):
    app = create_app(settings_for(url))
    answer = get(app)
    body = answer.get_json()
    assert (answer.status_code, body["status"], body["database"]) == (
        503,
        "not_ready",
        "unreachable",
    )
    assert "database_unreachable" in body["problems"]
    assert not any(word in answer.text for word in ("s3cret", "127.0.0.1", "nowhere", "somebody"))
    with app.app_context():
        db.engine.dispose()


def test_a_full_disk_is_not_ready():
    assert list_problems("", "head", 99) == ["disk_full"]
    assert list_problems("", "head", 100) == []
