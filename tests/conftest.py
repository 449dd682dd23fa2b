"""Both databases, migrated; the app on each of them; nobody's clock but ours."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask_migrate import upgrade

from app import create_app
from app.db.session import db
from app.staff.actions import hashing
from app.web.access import limiter
from config import Settings, read_settings
from tests import postgres
from tests.factories.two_country_world import Office, open_office
from tests.server import ROUNDS

LEFT_OUT = pytest.StashKey[list[str]]()

hashing.MAX_WAIT_SECONDS = (
    60  # a busy machine must fail no test; that the wait is bounded has a test of its own
)
_numbers = count()
_runtime = tempfile.TemporaryDirectory(prefix="ventanilla-tests-")
"""Where the apps of this run meet: parts that run at once must not wait for each other's password hashes."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves what is marked `soak` to the long rounds of `make soak`."""
    long = [item for item in items if item.get_closest_marker("soak")] if ROUNDS == 1 else []
    if long:
        items[:] = [item for item in items if item not in long]
        config.hook.pytest_deselected(items=long)
        config.stash[LEFT_OUT] = [item.nodeid for item in long]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Says by name what only `make soak` runs."""
    for name in config.stash.get(LEFT_OUT, []):
        terminalreporter.write_line(f"only in `make soak`: {name}")


def settings_for(url: str) -> Settings:
    """Development settings on one database."""
    return replace(read_settings({}), database_url=url, runtime_directory=_runtime.name)


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The address of a PostgreSQL that lives as long as the tests."""
    with postgres.running() as address:
        yield address


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "ventanilla.sqlite"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(cluster: str) -> str:
    """The name of a migrated PostgreSQL database to copy."""
    _ask(cluster, "CREATE DATABASE template_ventanilla")
    migrate(cluster + "template_ventanilla")
    return "template_ventanilla"


def migrate(url: str) -> None:
    """Brings a database to the last migration."""
    app = create_app(settings_for(url))
    with app.app_context():
        upgrade()
        db.engine.dispose()


def _ask(cluster: str, statement: str) -> None:
    address = cluster.replace("postgresql+psycopg", "postgresql") + "postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty database: one after the other on SQLite and PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "ventanilla.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    cluster = request.getfixturevalue("cluster")
    template = request.getfixturevalue("postgres_template")
    name = f"test_{next(_numbers)}"
    _ask(cluster, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield cluster + name
    _ask(cluster, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    """The app on an empty, migrated database."""
    limiter.enabled = True  # else the app would be made without the hooks that count and tell
    made = create_app(settings_for(database_url))
    limiter.enabled = False
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def office(app: Flask) -> Office:
    """Two desks of one country and one of another, with their people and supervisors."""
    return open_office(app)
