"""Fixtures for all tests: both databases, migrated, and the app on each of them."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine

from app import create_app
from app.db.session import db
from app.staff.actions import hashing
from app.web.access import limiter
from config import Settings, read_settings
from tests import postgres, temp_folder
from tests.caches import CachedRule, TemplateCache
from tests.databases import PostgresDatabase, SqliteFile
from tests.databases import ask as _ask
from tests.documented_answers import check_answers
from tests.factories.records import CHEAP_HASH
from tests.factories.two_country_world import (
    TwoCountryWorld,
    TwoCountryWorldCopies,
    make_two_country_world,
)
from tests.left_out import is_left_out, list_left_out, list_slow
from tests.server import ROUNDS

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

LONG = (
    *("tests/production/", "tests/browser/test_cards", "tests/browser/test_pages"),
    *(
        "tests/browser/test_faults",
        "tests/browser/",
        "tests/fuzz/",
        "tests/referrals/test_workflow",
    ),
    *("tests/ops/", "tests/consultations/test_kill", "tests/sync/test_kill", "tests/returns/"),
)
"""The tests that begin first, so that no process is left with them at the end: prefixes of paths, the longest first."""
WHOLE = "tests/production/"
"""Tests of which one process runs all: they share installations on the machine."""
LEFT_OUT = pytest.StashKey[list[str]]()

hashing.MAX_WAIT_SECONDS = (
    60  # a busy machine must fail no test; that the wait is bounded has a test of its own
)
REAL_HASHER, REAL_DUMMY_HASH = hashing.hasher, hashing.DUMMY_HASH
hashing.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
hashing.DUMMY_HASH = CHEAP_HASH  # tests about what a hash costs ask for `real_hashes`
_numbers = count()
_engines: dict[str, Engine] = {}
Flask.jinja_options = {"bytecode_cache": TemplateCache()}
Flask.url_rule_class = CachedRule
_runtime = temp_folder.choose()
"""The runtime folder of this run's apps: runs at the same time must not wait for each other's password hashes."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave marked tests, and PostgreSQL if it makes no difference, to `make soak`; begin with the long files."""
    is_named = any("::" in arg for arg in config.args)
    left_out = [] if is_named or ROUNDS > 1 else [item for item in items if is_left_out(item)]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
        config.stash[LEFT_OUT] = list_left_out(left_out)
    items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    return next((n for n, start in enumerate(LONG) if start in nodeid), len(LONG))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each process one file at a time, so that what a file's tests share is made once."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return WHOLE if nodeid.startswith(WHOLE) else nodeid.partition("::")[0]

    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Report the tests that this process left out to the one that writes the summary."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash.get(LEFT_OUT, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Store that report; every process collects the same."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """List the tests that only `make soak` runs, and the slow ones."""
    for line in config.stash.get(LEFT_OUT, []):
        terminalreporter.write_line(f"only in `make soak`: {line}")
    for line in list_slow(terminalreporter.stats):
        terminalreporter.write_line(f"slow: {line}")


def settings_for(url: str) -> Settings:
    """Return development settings on one database."""
    return replace(read_settings({}), database_url=url, runtime_directory=_runtime.name)


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """Yield the address of a PostgreSQL that lives as long as the tests."""
    with postgres.running() as address:
        yield address


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "ventanilla.sqlite"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(cluster: str) -> str:
    """Return the name of a migrated PostgreSQL database to copy."""
    _ask(cluster, "CREATE DATABASE template_ventanilla")
    migrate(cluster + "template_ventanilla")
    return "template_ventanilla"


def migrate(url: str) -> None:
    """Migrate a database to the last version."""
    app = create_app(settings_for(url))
    with app.app_context():
        upgrade()
        db.engine.dispose()


@pytest.fixture(scope="session")
def sqlite_file(sqlite_template: Path) -> SqliteFile:
    """Return the place of this process's SQLite database."""
    folder = tempfile.mkdtemp(prefix="database-")
    return SqliteFile(sqlite_template, Path(folder) / "ventanilla.sqlite")


@pytest.fixture(scope="session")
def postgres_database(cluster: str, postgres_template: str) -> PostgresDatabase:
    """Return the PostgreSQL database that the tests of this process share one after the other."""
    return PostgresDatabase(cluster, postgres_template, "tested")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Return a migrated, empty database: one after the other on SQLite and PostgreSQL."""
    kinds = {"sqlite": "sqlite_file", "postgresql": "postgres_database"}
    return str(request.getfixturevalue(kinds[request.param]).clean())


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    """Yield the app on an empty, migrated database."""
    limiter.enabled = True  # else the app would be made without the hooks that count and report
    new_app = _make_app(settings_for(database_url))
    limiter.enabled = False
    with new_app.app_context():
        yield new_app
        db.session.remove()
        db.engine.dispose()


def _make_app(settings: Settings) -> Flask:
    """Return a new app on the engine of the test before it, which has the app's compiled statements."""
    make = db._make_engine

    def make_once(key: str | None, options: dict[str, Any], flask_app: Flask) -> Engine:
        if settings.database_url not in _engines:
            _engines[settings.database_url] = make(key, options, flask_app)
        return _engines[settings.database_url]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "_make_engine", make_once)
        new_app = create_app(settings)
    check_answers(new_app)
    return new_app


@pytest.fixture
def real_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords at the cost of production."""
    monkeypatch.setattr(hashing, "hasher", REAL_HASHER)
    monkeypatch.setattr(hashing, "DUMMY_HASH", REAL_DUMMY_HASH)


@pytest.fixture(scope="session")
def playwright() -> Iterator["Playwright"]:
    """Yield the driver of the browser; a process has one."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def world_copies(sqlite_file: SqliteFile) -> TwoCountryWorldCopies:
    """Return the two-country world in a SQLite file, created once and copied."""
    return TwoCountryWorldCopies(sqlite_file.path)


@pytest.fixture
def world(app: Flask, request: pytest.FixtureRequest) -> TwoCountryWorld:
    """Return two desks of one country and one of another, with their people and supervisors."""
    if db.engine.dialect.name == "sqlite":
        copies: TwoCountryWorldCopies = request.getfixturevalue("world_copies")
        return copies.open(app)
    return make_two_country_world(app)
