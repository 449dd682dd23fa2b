"""Both databases, migrated; the app on each of them; nobody's clock but ours."""

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
from tests.factories.two_country_world import Office, OfficeCopies, open_office
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
"""What begins first, so that no process is left alone with it at the end: beginnings of paths, the longest first."""
WHOLE = "tests/production/"
"""What one process does alone: its tests share installations of the machine that they run on."""
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
"""Where the apps of this run meet: parts that run at once must not wait for each other's password hashes."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves to `make soak` what is marked, and PostgreSQL where it does not differ; begins with the long files."""
    is_named = any("::" in one for one in config.args)
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
    """Gives each process one file at a time, so that what a file's tests share is made once."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return WHOLE if nodeid.startswith(WHOLE) else nodeid.partition("::")[0]

    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tells the process that writes the summary what this one left out."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash.get(LEFT_OUT, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes it from there; every process collects the same."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Says by name what only `make soak` runs, and which tests were slow."""
    for line in config.stash.get(LEFT_OUT, []):
        terminalreporter.write_line(f"only in `make soak`: {line}")
    for line in list_slow(terminalreporter.stats):
        terminalreporter.write_line(f"slow: {line}")


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


@pytest.fixture(scope="session")
def sqlite_file(sqlite_template: Path) -> SqliteFile:
    """The place of this process's SQLite databases."""
    folder = tempfile.mkdtemp(prefix="database-")
    return SqliteFile(sqlite_template, Path(folder) / "ventanilla.sqlite")


@pytest.fixture(scope="session")
def postgres_database(cluster: str, postgres_template: str) -> PostgresDatabase:
    """The PostgreSQL database that the tests of this process have one after the other."""
    return PostgresDatabase(cluster, postgres_template, "tested")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database: one after the other on SQLite and PostgreSQL."""
    kinds = {"sqlite": "sqlite_file", "postgresql": "postgres_database"}
    return str(request.getfixturevalue(kinds[request.param]).clean())


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    """The app on an empty, migrated database."""
    limiter.enabled = True  # else the app would be made without the hooks that count and tell
    made = _make_app(settings_for(database_url))
    limiter.enabled = False
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()


def _make_app(settings: Settings) -> Flask:
    """A new app on the engine of the test before it, which knows how the app's statements are written."""
    make = db._make_engine

    def make_once(key: str | None, options: dict[str, Any], made: Flask) -> Engine:
        if settings.database_url not in _engines:
            _engines[settings.database_url] = make(key, options, made)
        return _engines[settings.database_url]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "_make_engine", make_once)
        made_app = create_app(settings)
    check_answers(made_app)
    return made_app


@pytest.fixture
def real_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes of passwords as dear as outside of tests."""
    monkeypatch.setattr(hashing, "hasher", REAL_HASHER)
    monkeypatch.setattr(hashing, "DUMMY_HASH", REAL_DUMMY_HASH)


@pytest.fixture(scope="session")
def playwright() -> Iterator["Playwright"]:
    """The driver of the browser; a process has one."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def office_copies(sqlite_file: SqliteFile) -> OfficeCopies:
    """The office in a SQLite file, made once and copied."""
    return OfficeCopies(sqlite_file.path)


@pytest.fixture
def office(app: Flask, request: pytest.FixtureRequest) -> Office:
    """Two desks of one country and one of another, with their people and supervisors."""
    if db.engine.dialect.name == "sqlite":
        copies: OfficeCopies = request.getfixturevalue("office_copies")
        return copies.open(app)
    return open_office(app)
