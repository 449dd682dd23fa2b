"""Backups, and empty databases beside them to restore into."""

import shutil
import subprocess
from contextlib import contextmanager
from itertools import count

import pytest

from app.db.session import db
from app.ops.actions.backup import back_up
from tests.conftest import _ask, create_app, settings_for
from tests.factories.records import make_consultation, sign_in
from tests.ops.backups import ana_at_a_desk, in_app

_numbers = count()


@contextmanager
def a_database(request, folder, kind, template=None):
    """The address of a new database: empty, or the copy of a template."""
    name = f"beside_{next(_numbers)}"
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
    """An empty database of the same kind."""
    with a_database(request, tmp_path, database_url.partition("+")[0].partition(":")[0]) as url:
        yield url


@pytest.fixture
def empty(empty_url):
    """The app on the empty database."""
    return create_app(settings_for(empty_url))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kind(request):
    """One database after the other."""
    return request.param


@pytest.fixture(scope="module")
def made(kind, request, tmp_path_factory):
    """A backup of a database with a consultation and an open session."""
    folder = tmp_path_factory.mktemp("made")
    with a_database(request, folder, kind, template=True) as url:
        app = create_app(settings_for(url))

        def fill_and_back_up():
            make_consultation(ana_at_a_desk())
            sign_in(app, "ana")
            db.session.remove()
            return back_up(folder / "made.backup")

        yield in_app(app, fill_and_back_up)


@pytest.fixture(scope="module")
def untouched(kind, request, tmp_path_factory):
    """The app on one empty database for all tests that must leave it as it is."""
    with a_database(request, tmp_path_factory.mktemp("untouched"), kind) as url:
        yield create_app(settings_for(url))


@pytest.fixture
def place_url(kind, request, tmp_path):
    """An empty database of the kind of the backup, to restore it into."""
    with a_database(request, tmp_path, kind) as url:
        yield url


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own, whose size and mode a test sets: `small_disk(options)` is its folder, empty again."""
    place = tmp_path / "small"
    place.mkdir()

    def mounted(options):
        subprocess.run(["umount", str(place)], capture_output=True)
        command = ["mount", "-t", "tmpfs", "-o", f"{options},mode=700", "tmpfs", str(place)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("NOT TESTED HERE: a full disk needs the right to mount a tmpfs (root)")
        return place

    yield mounted
    subprocess.run(["umount", str(place)], capture_output=True)
