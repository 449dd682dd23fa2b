"""Backups, and empty databases to restore them into."""

import shutil
import subprocess
from contextlib import contextmanager
from itertools import count

import pytest

from app.db.session import db
from app.ops.actions.backup import back_up
from tests.conftest import _ask, create_app, settings_for
from tests.factories.records import make_consultation, sign_in
from tests.ops.backups import in_app, make_ana_at_a_desk

_numbers = count()


@contextmanager
def new_database(request, folder, kind, template=None):
    """Yield the address of a new database: empty, or the copy of a template."""
    name = f"restored_{next(_numbers)}"
    if kind == "sqlite":
        path = folder / f"{name}.sqlite"
        if template:
            shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    cluster = request.getfixturevalue("cluster")
    source = request.getfixturevalue("postgres_template") if template else "template1"
    _ask(cluster, f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY FILE_COPY")
    yield cluster + name
    _ask(cluster, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_url(database_url, tmp_path, request):
    """Yield the address of an empty database of the same kind."""
    with new_database(request, tmp_path, database_url.partition("+")[0].partition(":")[0]) as url:
        yield url


@pytest.fixture
def empty_app(empty_url):
    """Return the app on the empty database."""
    return create_app(settings_for(empty_url))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database_kind(request):
    """Return one kind of database after the other."""
    return request.param


@pytest.fixture(scope="module")
def backup_file(database_kind, request, tmp_path_factory):
    """Yield a backup of a database with a consultation and an open session."""
    folder = tmp_path_factory.mktemp("made")
    with new_database(request, folder, database_kind, template=True) as url:
        app = create_app(settings_for(url))

        def fill_and_back_up():
            make_consultation(make_ana_at_a_desk())
            sign_in(app, "ana")
            db.session.remove()
            return back_up(folder / "made.backup")

        yield in_app(app, fill_and_back_up)


@pytest.fixture(scope="module")
def untouched_app(database_kind, request, tmp_path_factory):
    """Yield the app on one empty database for all tests that must leave it as it is."""
    with new_database(request, tmp_path_factory.mktemp("untouched"), database_kind) as url:
        yield create_app(settings_for(url))


@pytest.fixture
def target_url(database_kind, request, tmp_path):
    """Yield the address of an empty database of the kind of the backup, to restore it into."""
    with new_database(request, tmp_path, database_kind) as url:
        yield url


@pytest.fixture
def small_disk(tmp_path):
    """Yield `small_disk(options)`: mounts a disk with the size and mode of a test and returns its empty folder."""
    folder = tmp_path / "small"
    folder.mkdir()

    def mount(options):
        subprocess.run(["umount", str(folder)], capture_output=True)
        command = ["mount", "-t", "tmpfs", "-o", f"{options},mode=700", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("NOT TESTED HERE: a full disk needs the right to mount a tmpfs (root)")
        return folder

    yield mount
    subprocess.run(["umount", str(folder)], capture_output=True)
