"""A backup while the app runs: its content, and that it is written whole or not at all."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import threading
from contextvars import Context
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app import clock
from app.audit.queries import AUDIT_ENTRIES, get_last_entry
from app.db.session import db
from app.ops.actions import archive
from app.ops.actions.backup import back_up
from app.ops.actions.postgresql import program
from app.ops.queries import find_last_backup
from app.ops.rules import PAYLOADS, OperationRefused
from app.version import app_version
from tests.conftest import create_app, settings_for
from tests.factories.records import consultation_json, make_consultation, sign_in
from tests.ops.backups import (
    STRIDE,
    figures,
    in_app,
    is_killed_at_step,
    is_whole,
    make_ana_at_a_desk,
    refusal_of,
    restore_backup,
    run,
    run_twice_at_once,
)

pytestmark = pytest.mark.both_databases

HALF_A_DUMP = """#!/bin/sh
for argument; do case $argument in --file=*) echo half > "${argument#--file=}";; esac; done
exit 1
"""
ROOT = Path(__file__).resolve().parents[2]


def record_until_stopped(app, accepted, stop):
    ana = sign_in(app, "ana")
    token = ana.token()
    while not stop.is_set():
        content = consultation_json()
        answer = ana.client.post("/consultations", json=content, headers={"X-CSRFToken": token})
        assert answer.status_code == 201, answer.get_data()
        accepted.append(content["id"])


def test_a_backup_under_load_holds_everything_answered_before_it(app, empty_app, tmp_path):
    make_ana_at_a_desk()
    accepted, stop = [], threading.Event()
    writer = threading.Thread(
        target=Context().run, args=(record_until_stopped, app, accepted, stop)
    )
    writer.start()
    try:
        while len(accepted) < 20 and writer.is_alive():
            stop.wait(0.02)
        before = list(accepted)
        backup_path = back_up(tmp_path)
        while len(accepted) < len(before) + 5 and writer.is_alive():
            stop.wait(0.02)
    finally:
        stop.set()
        writer.join()
    assert len(accepted) > len(before) >= 20
    result = in_app(empty_app, restore_backup, backup_path)
    restored = in_app(empty_app, figures)
    assert (result.broken, result.needs_upgrade) == (None, False)
    assert set(before) <= restored["ids"] <= set(accepted)
    assert restored["consultations"] == restored["persons"] == restored["people_in_lines"]
    assert restored["chain"] == (result.entries, None)
    assert restored["open_sessions"] == 0


def test_the_name_of_a_backup_has_the_head_of_its_audit_chain(app, empty_app, tmp_path):
    make_consultation(make_ana_at_a_desk())
    backup_path = back_up(tmp_path)
    _, _, number, entry_hash = backup_path.stem.split("-")
    head = select(AUDIT_ENTRIES.c.entry_hash, AUDIT_ENTRIES.c.action).where(
        AUDIT_ENTRIES.c.number == int(number)
    )
    entry = db.session.execute(head).one()
    assert (entry.entry_hash[:12], entry.action) == (entry_hash, "backed_up")
    in_app(empty_app, restore_backup, backup_path)

    def last_two():
        columns = AUDIT_ENTRIES.c
        entries = select(columns.number, columns.action, columns.entry_hash).order_by(
            columns.number.desc()
        )
        return db.session.execute(entries.limit(2)).all()

    after, copied = in_app(empty_app, last_two)
    assert (copied.number, copied.entry_hash) == (int(number), entry.entry_hash)
    assert after.action == "restored"


def test_a_file_that_exists_is_never_overwritten(app, tmp_path):
    make_ana_at_a_desk()
    existing = tmp_path / "mine.backup"
    existing.write_bytes(b"mine")
    entries = get_last_entry(db.session())
    with pytest.raises(OperationRefused):
        back_up(existing)
    assert existing.read_bytes() == b"mine"
    assert get_last_entry(db.session()) == entries


def test_a_backup_that_fails_half_way_leaves_no_file(app, tmp_path, monkeypatch):
    make_ana_at_a_desk()
    folder = tmp_path / "place"
    folder.mkdir()
    if db.engine.dialect.name == "postgresql":
        fake = tmp_path / "pg_dump"
        fake.write_text(HALF_A_DUMP)
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        with pytest.raises(OperationRefused):
            back_up(folder)
    else:
        path = Path(db.engine.url.database)
        db.engine.dispose()
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) // 2))
        with pytest.raises(Exception, match=r"."):
            back_up(folder)
    assert list(folder.iterdir()) == []


def test_a_missing_program_is_reported_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OperationRefused, match="pg_nothing is not installed"):
        program("pg_nothing")


def test_the_commands_back_up_restore_and_verify(app, empty_url, tmp_path):
    make_consultation(make_ana_at_a_desk())
    db.session.remove()
    file = str(tmp_path / "one.backup")
    assert run(app, "backup", file) == (0, f"{file}\n", "")
    assert run(app, "backup", file) == (1, "", f"{file} is there already.\n")
    code, stdout, stderr = run(app, "restore", file)
    assert (code, stdout, stderr.count("\n")) == (1, "", 1)
    process = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "restore", file],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": empty_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (process.returncode, process.stderr) == (0, "")
    assert in_app(create_app(settings_for(empty_url)), figures)["chain"][1] is None


def test_a_backup_is_a_tar_that_standard_programs_open_and_check(app, tmp_path):
    make_consultation(make_ana_at_a_desk())
    backup_path = back_up(tmp_path)
    payload = PAYLOADS[db.engine.dialect.name]
    subprocess.run(["tar", "-xf", str(backup_path), "-C", str(tmp_path)], check=True)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["payload_sha256"] == sha256((tmp_path / payload).read_bytes()).hexdigest()
    assert manifest["app_version"] == app_version()
    assert manifest["contents"]["rows"]["consultation"] == 1
    first = (tmp_path / "checksum.txt").read_text().splitlines()[0].split()
    assert first[-1] == sha256(backup_path.read_bytes()[: int(first[4])]).hexdigest()
    assert stat.S_IMODE(backup_path.stat().st_mode) == 0o600


def test_only_a_completed_backup_counts_as_the_last_one(app, tmp_path):
    make_ana_at_a_desk()
    assert find_last_backup(db.session()) is None
    with pytest.raises(OperationRefused):
        back_up(tmp_path / "nowhere" / "a.backup")
    before = clock.now()
    with pytest.raises(OperationRefused):
        back_up(Path("/proc/self"))
    assert find_last_backup(db.session()) is None
    back_up(tmp_path)
    assert before <= find_last_backup(db.session()) <= clock.now()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_tables_of_others_in_the_database_do_not_stop_a_backup(app, empty_app, tmp_path):
    make_consultation(make_ana_at_a_desk())
    with db.engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA monitoring"))
        connection.execute(text("CREATE TABLE monitoring.probe (at timestamptz)"))
    assert in_app(empty_app, restore_backup, back_up(tmp_path)).broken is None


def test_of_two_backups_at_once_to_one_name_one_succeeds(app, empty_app, tmp_path):
    make_consultation(make_ana_at_a_desk())
    db.session.remove()
    target = tmp_path / "one.backup"
    url = app.config["SETTINGS"].database_url
    outcomes = run_twice_at_once(url, lambda app: in_app(app, back_up, target))
    assert sorted(outcomes, key=str) == [target, f"{target} is there already."]
    assert [path.name for path in tmp_path.glob("*.backup")] == ["one.backup"]
    assert in_app(empty_app, restore_backup, target).broken is None


def test_a_full_disk_is_reported_in_one_sentence_and_no_file_is_left(
    app, empty_app, tmp_path, small_disk, monkeypatch
):
    make_consultation(make_ana_at_a_desk())
    size = back_up(tmp_path).stat().st_size
    if db.engine.dialect.name == "sqlite":
        folder = small_disk(f"size={size}")
        assert "MB are needed" in refusal_of(app, back_up, folder)
        assert list(folder.iterdir()) == []
    enough_space = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: enough_space)
    for part in (0.5, 1.5):  # the copy does not fit; the copy does, the backup does not
        folder = small_disk(f"size={int(size * part)}")
        assert re.search("is full|No space left", refusal_of(app, back_up, folder))
        assert list(folder.iterdir()) == []
    assert find_last_backup(db.session()) is not None


def test_a_folder_that_cannot_be_written_is_reported_in_one_sentence(app, small_disk):
    make_ana_at_a_desk()
    folder = small_disk("size=1m,ro")
    assert "Read-only file system" in refusal_of(app, back_up, folder)


def count_half_files_after_kills(app, folder):
    """Return how often a backup was killed, and how often a file was left that is not whole."""
    folder.mkdir()
    db.session.remove()
    db.engine.dispose()
    step, kills, half = 1, 0, 0
    while is_killed_at_step(step, lambda: in_app(app, back_up, folder)):
        kills += 1
        step += STRIDE
        for backup_path in folder.glob("*.backup"):
            half += not in_app(app, is_whole, backup_path)
            backup_path.unlink()
    return kills, half


def test_a_killed_backup_leaves_no_file_and_the_next_one_clears_up(app, tmp_path):
    make_consultation(make_ana_at_a_desk())
    folder = tmp_path / "place"
    kills, half = count_half_files_after_kills(app, folder)
    assert kills > 5
    assert half == 0
    in_app(app, back_up, folder)
    assert {path.suffix for path in folder.iterdir()} == {".backup"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_written_under_its_name_at_once_is_caught_by_the_kills(app, tmp_path, monkeypatch):
    make_consultation(make_ana_at_a_desk())
    write = archive.write_archive

    def write_too_early(target, *arguments):
        early = target.parent.parent / "early.backup"
        write(early, *arguments)
        shutil.move(early, target)

    monkeypatch.setattr(archive, "write_archive", write_too_early)
    assert count_half_files_after_kills(app, tmp_path / "place")[1] > 0
