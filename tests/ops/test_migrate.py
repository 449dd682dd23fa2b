"""Migrations next to other programs: what they wait for, how they give up; and a database of another version."""

import sqlite3
import subprocess
from contextlib import closing

import psycopg
import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from app.db.session import db
from app.ops import queries
from app.ops.actions import migrate
from tests.ops.test_start import SAFE, start

pytestmark = pytest.mark.both_databases


@pytest.fixture
def short_waits(monkeypatch):
    """Shorten all waiting times for tests."""
    monkeypatch.setattr(migrate, "LOCK_MILLISECONDS", 400)
    monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(migrate, "TIMEOUT_SECONDS", 0.5)


def revision(app):
    with db.engine.connect() as connection:
        return queries.find_revisions(connection, app.extensions["migrate"].directory)


def file_of(url):
    return url.removeprefix("sqlite:///")


class LockHolder:
    """Another program that holds a lock on the database until `release`."""

    def __init__(self, url):
        if url.startswith("sqlite"):
            self.connection = sqlite3.connect(file_of(url), isolation_level=None)
            self.connection.execute("BEGIN IMMEDIATE")
        else:
            address = url.replace("+psycopg", "")
            self.connection = psycopg.connect(address, application_name="a forgotten psql")
            self.connection.execute("SELECT 'MarkerOfAQuery' FROM alembic_version FOR UPDATE")

    def release(self):
        self.connection.rollback()
        self.connection.close()


def test_an_upgrade_says_what_it_waits_for_and_gives_up_whole(
    app, database_url, short_waits, capfd
):
    downgrade()
    before = revision(app)
    assert before.state == "behind"
    db.session.remove()
    holder = LockHolder(database_url)
    with pytest.raises(SystemExit) as given_up:
        upgrade()
    holder.release()
    stderr = capfd.readouterr().err
    assert "another program holds a lock" in str(given_up.value)
    assert "Waiting" in stderr
    assert "MarkerOfAQuery" not in stderr
    if db.engine.dialect.name == "postgresql":
        assert "a forgotten psql" in stderr
        assert "is open for" in stderr
    assert revision(app) == before
    upgrade()
    assert revision(app).state == "head"


def test_an_upgrade_goes_on_when_the_lock_is_gone(
    app, database_url, short_waits, monkeypatch, capfd
):
    monkeypatch.setattr(migrate, "TIMEOUT_SECONDS", 30)
    downgrade()
    db.session.remove()
    holder = LockHolder(database_url)
    monkeypatch.setattr(migrate.time, "sleep", lambda _: holder.release())
    upgrade()
    assert revision(app).state == "head"
    assert "Waiting" in capfd.readouterr().err


def test_a_database_of_a_newer_program_is_left_alone(app):
    db.session.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    db.session.commit()
    for change in (upgrade, downgrade):
        with pytest.raises(SystemExit, match=r"Nothing was changed.*newer.*revision later"):
            change()
    assert revision(app).text == "later"


@pytest.mark.parametrize(
    ("version", "expected"), [("later", "newer"), ("0001", "older"), ("", "older")]
)
def test_a_server_does_not_start_on_a_database_of_another_version(
    sqlite_template, tmp_path, version, expected
):
    path = tmp_path / "one.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
        if not version:
            connection.execute("DELETE FROM alembic_version")
        connection.commit()
    refused = start(f"sqlite:///{path}", **SAFE)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert expected in refused.stderr
    assert ("db upgrade" in refused.stderr) == (expected == "older")


@pytest.fixture
def small_disk(tmp_path):
    """Yield a disk of three megabytes; None if this process may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    yield folder if mounted else None
    if mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_and_one_that_is_read_only_are_not_ready(small_disk, sqlite_template):
    if small_disk is None:
        pytest.skip("this process may mount no disk of its own")
    from tests.conftest import create_app, settings_for
    from tests.factories.records import in_new_context

    path = small_disk / "one.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    app = create_app(settings_for(f"sqlite:///{path}"))
    with app.app_context():
        assert queries.find_fault(db.session()) is None
        with (small_disk / "filler").open("wb", buffering=0) as filler:
            while True:
                try:
                    filler.write(b"x" * 4096)
                except OSError:
                    break
        full = in_new_context(app.test_client().get, "/readyz")
        assert (full.status_code, full.get_json()["writable"]) == (503, False)
        assert "database_full" in full.get_json()["problems"]
        (small_disk / "filler").unlink()
        db.session.remove()
        db.engine.dispose()
        remount = ["mount", "-o", "remount,ro", str(small_disk)]
        if subprocess.run(remount, capture_output=True, check=False).returncode == 0:
            closed = in_new_context(app.test_client().get, "/readyz").get_json()
            assert closed["writable"] is False
        db.session.remove()
        db.engine.dispose()


def test_the_command_ends_with_one_sentence(sqlite_template, tmp_path):
    path = tmp_path / "one.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'later'")
        connection.commit()
    ended = start(f"sqlite:///{path}", "db", "upgrade")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "newer than this program" in ended.stderr
