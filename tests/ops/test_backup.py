"""A backup while the app runs: what stands in it, and that it stands whole or not at all."""

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
    ana_at_a_desk,
    figures,
    in_app,
    killed_at_step,
    opened_whole,
    put_back,
    refusal,
    run,
    twice_at_once,
)

pytestmark = pytest.mark.both_databases

HALF_A_DUMP = """#!/bin/sh
for word; do case $word in --file=*) echo half > "${word#--file=}";; esac; done
exit 1
"""
ROOT = Path(__file__).resolve().parents[2]


def recording_without_end(app, answered, stop):
    ana = sign_in(app, "ana")
    token = ana.token()
    while not stop.is_set():
        content = consultation_json()
        answer = ana.client.post("/consultations", json=content, headers={"X-CSRFToken": token})
        assert answer.status_code == 201, answer.get_data()
        answered.append(content["id"])


def test_a_backup_under_load_holds_everything_answered_before_it(app, empty, tmp_path):
    ana_at_a_desk()
    answered, stop = [], threading.Event()
    writer = threading.Thread(
        target=Context().run, args=(recording_without_end, app, answered, stop)
    )
    writer.start()
    try:
        while len(answered) < 20 and writer.is_alive():
            stop.wait(0.02)
        before = list(answered)
        made = back_up(tmp_path)
        while len(answered) < len(before) + 5 and writer.is_alive():
            stop.wait(0.02)
    finally:
        stop.set()
        writer.join()
    assert len(answered) > len(before) >= 20
    done = in_app(empty, put_back, made)
    restored = in_app(empty, figures)
    assert (done.broken, done.needs_upgrade) == (None, False)
    assert set(before) <= restored["ids"] <= set(answered)
    assert restored["consultations"] == restored["persons"] == restored["people_in_lines"]
    assert restored["chain"] == (done.entries, None)
    assert restored["open_sessions"] == 0


def test_the_name_of_a_backup_tells_the_head_of_the_chain_it_holds(app, empty, tmp_path):
    make_consultation(ana_at_a_desk())
    made = back_up(tmp_path)
    _, _, number, entry_hash = made.stem.split("-")
    head = select(AUDIT_ENTRIES.c.entry_hash, AUDIT_ENTRIES.c.action).where(
        AUDIT_ENTRIES.c.number == int(number)
    )
    here = db.session.execute(head).one()
    assert (here.entry_hash[:12], here.action) == (entry_hash, "backed_up")
    in_app(empty, put_back, made)

    def last_two():
        columns = AUDIT_ENTRIES.c
        entries = select(columns.number, columns.action, columns.entry_hash).order_by(
            columns.number.desc()
        )
        return db.session.execute(entries.limit(2)).all()

    after, copied = in_app(empty, last_two)
    assert (copied.number, copied.entry_hash) == (int(number), here.entry_hash)
    assert after.action == "restored"


def test_a_file_that_exists_is_never_overwritten(app, tmp_path):
    ana_at_a_desk()
    there = tmp_path / "mine.backup"
    there.write_bytes(b"mine")
    entries = get_last_entry(db.session())
    with pytest.raises(OperationRefused):
        back_up(there)
    assert there.read_bytes() == b"mine"
    assert get_last_entry(db.session()) == entries


def test_a_backup_that_fails_half_way_leaves_no_file(app, tmp_path, monkeypatch):
    ana_at_a_desk()
    place = tmp_path / "place"
    place.mkdir()
    if db.engine.dialect.name == "postgresql":
        fake = tmp_path / "pg_dump"
        fake.write_text(HALF_A_DUMP)
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        with pytest.raises(OperationRefused):
            back_up(place)
    else:
        path = Path(db.engine.url.database)
        db.engine.dispose()
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) // 2))
        with pytest.raises(Exception, match=r"."):
            back_up(place)
    assert list(place.iterdir()) == []


def test_a_missing_program_is_told_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OperationRefused, match="pg_nothing is not installed"):
        program("pg_nothing")


def test_the_commands_back_up_restore_and_verify(app, empty_url, tmp_path):
    make_consultation(ana_at_a_desk())
    db.session.remove()
    file = str(tmp_path / "one.backup")
    assert run(app, "backup", file) == (0, f"{file}\n", "")
    assert run(app, "backup", file) == (1, "", f"{file} is there already.\n")
    code, said, wrong = run(app, "restore", file)
    assert (code, said, wrong.count("\n")) == (1, "", 1)
    put = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "restore", file],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": empty_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (put.returncode, put.stderr) == (0, "")
    assert in_app(create_app(settings_for(empty_url)), figures)["chain"][1] is None


def test_a_backup_is_a_tar_that_standard_programs_open_and_check(app, tmp_path):
    make_consultation(ana_at_a_desk())
    made = back_up(tmp_path)
    payload = PAYLOADS[db.engine.dialect.name]
    subprocess.run(["tar", "-xf", str(made), "-C", str(tmp_path)], check=True)
    said = json.loads((tmp_path / "manifest.json").read_text())
    assert said["payload_sha256"] == sha256((tmp_path / payload).read_bytes()).hexdigest()
    assert said["app_version"] == app_version()
    assert said["contents"]["rows"]["consultation"] == 1
    first = (tmp_path / "checksum.txt").read_text().splitlines()[0].split()
    assert first[-1] == sha256(made.read_bytes()[: int(first[4])]).hexdigest()
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_only_a_completed_backup_counts_as_the_last_one(app, tmp_path):
    ana_at_a_desk()
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
def test_tables_of_others_in_the_database_do_not_stop_a_backup(app, empty, tmp_path):
    make_consultation(ana_at_a_desk())
    with db.engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA monitoring"))
        connection.execute(text("CREATE TABLE monitoring.probe (at timestamptz)"))
    assert in_app(empty, put_back, back_up(tmp_path)).broken is None


def test_of_two_backups_at_once_to_one_name_one_stands(app, empty, tmp_path):
    make_consultation(ana_at_a_desk())
    db.session.remove()
    target = tmp_path / "one.backup"
    url = app.config["SETTINGS"].database_url
    outcomes = twice_at_once(url, lambda app: in_app(app, back_up, target))
    assert sorted(outcomes, key=str) == [target, f"{target} is there already."]
    assert [each.name for each in tmp_path.glob("*.backup")] == ["one.backup"]
    assert in_app(empty, put_back, target).broken is None


def test_a_full_disk_is_told_in_one_sentence_and_no_file_is_left(
    app, empty, tmp_path, small_disk, monkeypatch
):
    make_consultation(ana_at_a_desk())
    size = back_up(tmp_path).stat().st_size
    if db.engine.dialect.name == "sqlite":
        place = small_disk(f"size={size}")
        assert "MB are needed" in refusal(app, back_up, place)
        assert list(place.iterdir()) == []
    roomy = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: roomy)
    for part in (0.5, 1.5):  # the copy does not fit; the copy does, the backup does not
        place = small_disk(f"size={int(size * part)}")
        assert re.search("is full|No space left", refusal(app, back_up, place))
        assert list(place.iterdir()) == []
    assert find_last_backup(db.session()) is not None


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(app, small_disk):
    ana_at_a_desk()
    place = small_disk("size=1m,ro")
    assert "Read-only file system" in refusal(app, back_up, place)


def half_files_after_kills(app, place):
    """How often a backup was killed, and how often a file stood there that is not whole."""
    place.mkdir()
    db.session.remove()
    db.engine.dispose()
    step, kills, half = 1, 0, 0
    while killed_at_step(step, lambda: in_app(app, back_up, place)):
        kills += 1
        step += STRIDE
        for made in place.glob("*.backup"):
            half += not in_app(app, opened_whole, made)
            made.unlink()
    return kills, half


def test_a_killed_backup_leaves_no_file_and_the_next_one_clears_up(app, tmp_path):
    make_consultation(ana_at_a_desk())
    place = tmp_path / "place"
    kills, half = half_files_after_kills(app, place)
    assert kills > 5
    assert half == 0
    in_app(app, back_up, place)
    assert {each.suffix for each in place.iterdir()} == {".backup"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_written_under_its_name_at_once_is_caught_by_the_kills(app, tmp_path, monkeypatch):
    make_consultation(ana_at_a_desk())
    write = archive.write_archive

    def too_early(target, *arguments):
        early = target.parent.parent / "early.backup"
        write(early, *arguments)
        shutil.move(early, target)

    monkeypatch.setattr(archive, "write_archive", too_early)
    assert half_files_after_kills(app, tmp_path / "place")[1] > 0
