"""A second, empty database beside the one of a test."""

import subprocess

import pytest

from tests.conftest import _ask, create_app, settings_for


@pytest.fixture
def empty_url(database_url, tmp_path, request):
    """An empty database of the same kind."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'restored.sqlite'}"
        return
    cluster, name = database_url.rsplit("/", 1)
    _ask(cluster + "/", f"CREATE DATABASE {name}_restored")
    yield f"{cluster}/{name}_restored"
    _ask(cluster + "/", f"DROP DATABASE {name}_restored WITH (FORCE)")


@pytest.fixture
def empty(empty_url):
    """The app on the empty database."""
    return create_app(settings_for(empty_url))


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
