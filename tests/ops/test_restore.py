"""A file that is no whole backup of this app is refused in one sentence, and the target stays as it was."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from random import Random

import psycopg
import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text, update

from app.audit.queries import AUDIT_ENTRIES
from app.db.session import db, write_transaction
from app.ops.actions import archive, postgresql
from app.ops.actions import restore as restore_actions
from app.ops.actions.backup import back_up
from app.ops.queries import migration_state
from app.ops.rules import OperationRefused
from app.staff.queries import SESSIONS
from tests.conftest import create_app, settings_for
from tests.factories.records import make_consultation
from tests.ops.backups import (
    STRIDE,
    figures,
    in_app,
    is_killed_at_step,
    is_touched,
    make_ana_at_a_desk,
    refusal_of,
    restore_backup,
    run,
    run_twice_at_once,
)

pytestmark = pytest.mark.both_databases

SQLITE_ONLY = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
"""PostgreSQL has no file to leave behind: its transaction is tested by the kills."""


def flips(whole, count):
    """Yield copies of a file with one bit changed: in every part of it, at random places that are always the same."""
    random_source = Random(12)
    size = len(whole)
    first, last = range(1536), range(size - archive.ENDING_BYTES, size)
    offsets = [
        random_source.choice(part) for part in (first, last, range(size)) for _ in range(count)
    ]
    for offset in offsets:
        damaged = bytearray(whole)
        damaged[offset] ^= 1 << random_source.randrange(8)
        yield offset, bytes(damaged)


def list_restored(app, tmp_path, damaged_files):
    """Return the names of these files that could be restored."""
    file = tmp_path / "damaged.backup"
    restored = []

    def restore_all():
        for name, content in damaged_files:
            file.write_bytes(content)
            try:
                restore_backup(file)
                restored.append(name)
            except OperationRefused as problem:
                assert "\n" not in str(problem)

    in_app(app, restore_all)
    return restored


def test_every_single_changed_bit_is_refused(database_kind, backup_file, untouched_app, tmp_path):
    count = (
        100 if database_kind == "sqlite" else 25
    )  # the same code reads both; each restore into PostgreSQL takes time
    assert list_restored(untouched_app, tmp_path, flips(backup_file.read_bytes(), count)) == []
    assert not is_touched(untouched_app)


def test_a_restore_without_the_checksum_is_caught_by_the_changed_bits(
    backup_file, target_url, tmp_path, monkeypatch
):
    monkeypatch.setattr(archive, "_refuse_damaged", lambda *_: None)
    target_app = create_app(settings_for(target_url))
    assert list_restored(target_app, tmp_path, flips(backup_file.read_bytes(), 15)) != []


def test_every_cut_and_every_longer_file_is_refused(backup_file, untouched_app, tmp_path):
    whole = backup_file.read_bytes()
    size = len(whole)
    cuts = [*range(0, 3000, 97), *range(3000, size, size // 40), *range(size - 2100, size, 61)]
    suffixes = (b"\0", b"x", bytes(512), bytes(10240), whole, whole[-archive.ENDING_BYTES :])
    damaged = [(cut, whole[:cut]) for cut in (*cuts, size - 1)]
    damaged += [(f"+{len(suffix)}", whole + suffix) for suffix in suffixes]
    damaged += [("shifted", b"\0" + whole), ("without its start", whole[1:])]
    assert list_restored(untouched_app, tmp_path, damaged) == []
    assert not is_touched(untouched_app)


def test_files_of_other_programs_are_refused(untouched_app, backup_file, tmp_path, request):
    file = tmp_path / "foreign"
    contents = [
        b"",
        b"PK\x03\x04 a zip",
        b"\x1f\x8b a gzip",
        b"{}",
        bytes(100_000),
        b"manifest.json",
    ]
    for content in contents:
        file.write_bytes(content)
        assert "not a backup" in refusal_of(untouched_app, restore_backup, file)
    subprocess.run(
        ["tar", "-cf", str(file), "-C", str(backup_file.parent), backup_file.name], check=True
    )
    assert "not a backup" in refusal_of(untouched_app, restore_backup, file)
    assert "cannot be read" in refusal_of(untouched_app, restore_backup, tmp_path / "nowhere")
    assert "cannot be read" in refusal_of(untouched_app, restore_backup, tmp_path)
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as other, other:
        other.execute("CREATE TABLE recipe (name)")
    assert "plain SQLite file" in refusal_of(
        untouched_app, restore_backup, tmp_path / "other.sqlite"
    )
    _dump_another_database(request.getfixturevalue("cluster"), file)
    assert "plain PostgreSQL dump" in refusal_of(untouched_app, restore_backup, file)
    assert not is_touched(untouched_app)


def _dump_another_database(cluster, file):
    address = cluster.replace("postgresql+psycopg", "postgresql") + "postgres"
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE recipe (name text)")
        connection.commit()
        command = [postgresql.program("pg_dump"), "-Fc", f"--file={file}", f"--dbname={address}"]
        subprocess.run(command, check=True)
        connection.execute("DROP TABLE recipe")


def copy_with_manifest(backup_file, target, key="development-only-key", payload=None, **changes):
    """Write a copy of a backup whose manifest differs, with a valid checksum."""
    with archive.open_archive(backup_file, None) as backup:
        raw = target.with_suffix(".payload")
        raw.write_bytes(payload or b"".join(backup.payload()))
        size, digest = archive.size_and_digest(raw)
        manifest = replace(backup.manifest, payload_bytes=size, payload_sha256=digest)
    contents = replace(manifest.contents, **changes.pop("contents", {}))
    archive.write_archive(target, replace(manifest, contents=contents, **changes), raw, key)
    return target


def test_a_backup_of_the_other_database_is_refused(
    database_kind, untouched_app, backup_file, tmp_path
):
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[database_kind]
    file = copy_with_manifest(backup_file, tmp_path / "other.backup", database=other)
    assert "This is a backup of" in refusal_of(untouched_app, restore_backup, file)
    assert not is_touched(untouched_app)


def test_a_database_of_something_else_in_a_sealed_backup_leaves_no_table(
    database_kind, untouched_app, backup_file, tmp_path, request
):
    foreign = tmp_path / "foreign"
    if database_kind == "sqlite":
        with closing(sqlite3.connect(foreign)) as other, other:
            other.execute("CREATE TABLE recipe (name)")
    else:
        _dump_another_database(request.getfixturevalue("cluster"), foreign)
    file = copy_with_manifest(backup_file, tmp_path / "forged.backup", payload=foreign.read_bytes())
    assert "not" in refusal_of(untouched_app, restore_backup, file)
    assert not is_touched(untouched_app)


@pytest.mark.parametrize("field", ["rows", "audit_hash", "audit_number", "revision"])
def test_a_database_that_is_not_what_the_manifest_says_leaves_nothing(
    untouched_app, backup_file, tmp_path, field
):
    with archive.open_archive(backup_file, None) as backup:
        contents = backup.manifest.contents
    wrong_values = {
        "rows": {**contents.rows, "consultation": 7},
        "audit_hash": "0" * 64,
        "audit_number": contents.audit_number + 1,
        "revision": "0015",
    }
    file = copy_with_manifest(
        backup_file, tmp_path / "wrong.backup", contents={field: wrong_values[field]}
    )
    assert "manifest" in refusal_of(untouched_app, restore_backup, file)
    assert not is_touched(untouched_app)


def test_a_backup_of_a_newer_release_is_refused(app, empty_app, tmp_path):
    make_consultation(make_ana_at_a_desk())
    with write_transaction(), db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    backup_file = back_up(tmp_path / "newer.backup")
    assert "newer release" in refusal_of(empty_app, restore_backup, backup_file)
    assert not is_touched(empty_app)


def test_a_backup_of_an_older_release_is_restored_and_the_upgrade_is_named(
    app, empty_url, tmp_path
):
    make_consultation(make_ana_at_a_desk())
    db.session.remove()
    downgrade()
    backup_file = back_up(tmp_path / "older.backup")
    db.session.remove()
    empty_app = create_app(settings_for(empty_url))
    code, stdout, stderr = run(empty_app, "restore", str(backup_file))
    assert (code, stderr) == (0, "")
    assert "run `db upgrade`" in stdout
    in_app(empty_app, upgrade)
    assert in_app(empty_app, _migration_state) == "head"
    assert in_app(empty_app, figures)["consultations"] == 1


def _migration_state():
    return migration_state(db.session(), str(Path(__file__).parents[2] / "migrations"))


def test_another_audit_key_is_refused_unless_an_option_says_it_is_lost(target_url, backup_file):
    other = create_app(replace(settings_for(target_url), audit_key="another"))
    code, _, stderr = run(other, "restore", str(backup_file))
    assert (code, stderr.count("\n")) == (1, 1)
    assert "AUDIT_KEY" in stderr
    assert not is_touched(other)
    code, _, stderr = run(other, "restore", "--other-audit-key", str(backup_file))
    assert (code, stderr.count("\n")) == (1, 1)
    assert "Restored, but the audit log is broken at entry 1" in stderr
    assert in_app(other, figures)["consultations"] == 1


def test_an_audit_log_broken_before_the_backup_is_restored_and_reported(app, empty_url, tmp_path):
    make_consultation(make_ana_at_a_desk())
    sqlite = db.engine.dialect.name == "sqlite"
    trigger = "audit_entry_no_update" if sqlite else "audit_entry_no_change ON audit_entry"
    with write_transaction(), db.engine.begin() as connection:
        connection.execute(text(f"DROP TRIGGER {trigger}"))
        connection.execute(
            update(AUDIT_ENTRIES).where(AUDIT_ENTRIES.c.number == 2).values(subject="nobody")
        )
    backup_file = back_up(tmp_path / "broken.backup")
    db.session.remove()
    code, _, stderr = run(create_app(settings_for(empty_url)), "restore", str(backup_file))
    assert (code, stderr.count("\n")) == (1, 1)
    assert "is broken at entry 2" in stderr


def test_a_target_with_tables_is_refused_and_stays_as_it_was(backup_file, target_url):
    target_app = create_app(settings_for(target_url))
    assert in_app(target_app, restore_backup, backup_file).broken is None
    before = in_app(target_app, figures)
    assert "not empty" in refusal_of(target_app, restore_backup, backup_file)
    assert in_app(target_app, figures) == before


def test_of_two_restores_at_once_one_succeeds(backup_file, target_url):
    outcomes = run_twice_at_once(
        target_url, lambda app: str(in_app(app, restore_backup, backup_file).broken)
    )
    assert outcomes.count("None") == 1
    assert all("\n" not in outcome for outcome in outcomes)
    assert in_app(create_app(settings_for(target_url)), _state_of_database, target_url) == "whole"


def test_a_refused_command_makes_no_file_and_says_one_sentence(tmp_path):
    file = tmp_path / "place" / "new.sqlite"
    file.parent.mkdir()
    (tmp_path / "x.backup").write_bytes(b"something else")
    result = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "restore", str(tmp_path / "x.backup")],
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"], "DATABASE_URL": f"sqlite:///{file}"},
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert list(file.parent.iterdir()) == []


@SQLITE_ONLY
def test_the_journal_of_a_former_database_is_not_applied_to_the_restored_one(backup_file, tmp_path):
    empty_app = create_app(settings_for(f"sqlite:///{tmp_path / 'restored.sqlite'}"))
    journal = tmp_path / "restored.sqlite-journal"
    journal.write_bytes(b"pages of another time")
    assert "left of a former database" in refusal_of(empty_app, restore_backup, backup_file)
    journal.unlink()
    assert in_app(empty_app, restore_backup, backup_file).broken is None


@SQLITE_ONLY
def test_a_full_disk_leaves_no_part_of_a_database(backup_file, small_disk, monkeypatch):
    folder = small_disk(f"size={backup_file.stat().st_size // 2}")
    empty_app = create_app(settings_for(f"sqlite:///{folder / 'restored.sqlite'}"))
    assert "MB are needed" in refusal_of(empty_app, restore_backup, backup_file)
    enough_space = shutil.disk_usage(backup_file.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: enough_space)
    assert "is full" in refusal_of(empty_app, restore_backup, backup_file)
    assert list(folder.iterdir()) == []


def states_after_kills(url, backup_file):
    """Return the state after each kill of a restore: nothing, the whole with its sessions ended, or a part."""
    target_app, step, states = create_app(settings_for(url)), 1, []
    while is_killed_at_step(step, lambda: in_app(target_app, restore_backup, backup_file)):
        step += STRIDE
        states.append(in_app(target_app, _state_of_database, url))
        if states[-1] != "nothing":
            break
    return states


def _state_of_database(url):
    if url.startswith("postgresql"):
        _wait_until_alone()
    elif not Path(db.engine.url.database).exists():
        return "nothing"
    try:
        if not db.inspect(db.engine).get_table_names():
            return "nothing"
        last = select(AUDIT_ENTRIES.c.action).order_by(AUDIT_ENTRIES.c.number.desc()).limit(1)
        whole = figures()["consultations"] == 1 and db.session.scalar(last) == "restored"
        open_session = db.session.execute(
            select(SESSIONS).where(SESSIONS.c.ended_at.is_(None))
        ).first()
        return "whole" if whole and open_session is None else "part"
    except Exception:
        return "part"


def _wait_until_alone():
    others = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    deadline = time.monotonic() + 20
    while db.session.scalar(others):
        db.session.rollback()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    db.session.rollback()


def test_a_killed_restore_leaves_nothing_or_the_whole(target_url, backup_file):
    states = states_after_kills(target_url, backup_file)
    assert set(states) <= {"nothing", "whole"}
    assert len(states) > 3
    if "whole" not in states:
        assert (
            in_app(create_app(settings_for(target_url)), _state_of_database, target_url) == "whole"
        )


@SQLITE_ONLY
def test_a_restore_in_place_is_caught_by_the_kills(backup_file, tmp_path, monkeypatch):
    folder = tmp_path / "place"
    folder.mkdir()

    def in_place(directory):
        (directory / "database").unlink(missing_ok=True)
        return nullcontext(directory)

    monkeypatch.setattr(restore_actions, "staging", in_place)
    assert "part" in states_after_kills(f"sqlite:///{folder / 'database'}", backup_file)
