"""What is no whole backup of ours is refused in one sentence, and the place stays as it was."""

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
from app.ops.actions import restore as restoring
from app.ops.actions.backup import back_up
from app.ops.queries import migration_state
from app.ops.rules import OperationRefused
from app.staff.queries import SESSIONS
from tests.conftest import create_app, settings_for
from tests.factories.records import make_consultation
from tests.ops.backups import (
    STRIDE,
    ana_at_a_desk,
    figures,
    in_app,
    is_touched,
    killed_at_step,
    put_back,
    refusal,
    run,
    twice_at_once,
)

pytestmark = pytest.mark.both_databases

SQLITE_ONLY = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
"""PostgreSQL has no file of ours to leave behind: its transaction is tested by the kills."""


def flips(whole, count):
    """Copies of a file with one bit changed: in every part of it, at places drawn by chance, always the same."""
    draw = Random(12)
    size = len(whole)
    first, last = range(1536), range(size - archive.ENDING_BYTES, size)
    places = [draw.choice(part) for part in (first, last, range(size)) for _ in range(count)]
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << draw.randrange(8)
        yield place, bytes(damaged)


def accepted(app, tmp_path, damaged_files):
    """What of these files could be restored."""
    file = tmp_path / "damaged.backup"
    taken = []

    def try_all():
        for name, content in damaged_files:
            file.write_bytes(content)
            try:
                put_back(file)
                taken.append(name)
            except OperationRefused as problem:
                assert "\n" not in str(problem)

    in_app(app, try_all)
    return taken


def test_every_single_changed_bit_is_refused(kind, made, untouched, tmp_path):
    count = (
        100 if kind == "sqlite" else 25
    )  # the same code reads both; each look at PostgreSQL costs
    assert accepted(untouched, tmp_path, flips(made.read_bytes(), count)) == []
    assert not is_touched(untouched)


def test_a_restore_without_the_checksum_is_caught_by_the_changed_bits(
    made, place_url, tmp_path, monkeypatch
):
    monkeypatch.setattr(archive, "_refuse_damaged", lambda *_: None)
    place = create_app(settings_for(place_url))
    assert accepted(place, tmp_path, flips(made.read_bytes(), 15)) != []


def test_every_cut_and_every_longer_file_is_refused(made, untouched, tmp_path):
    whole = made.read_bytes()
    size = len(whole)
    cuts = [*range(0, 3000, 97), *range(3000, size, size // 40), *range(size - 2100, size, 61)]
    more = (b"\0", b"x", bytes(512), bytes(10240), whole, whole[-archive.ENDING_BYTES :])
    wrong = [(cut, whole[:cut]) for cut in (*cuts, size - 1)]
    wrong += [(f"+{len(added)}", whole + added) for added in more]
    wrong += [("shifted", b"\0" + whole), ("without its start", whole[1:])]
    assert accepted(untouched, tmp_path, wrong) == []
    assert not is_touched(untouched)


def test_files_of_other_programs_are_refused(untouched, made, tmp_path, request):
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
        assert "not a backup" in refusal(untouched, put_back, file)
    subprocess.run(["tar", "-cf", str(file), "-C", str(made.parent), made.name], check=True)
    assert "not a backup" in refusal(untouched, put_back, file)
    assert "cannot be read" in refusal(untouched, put_back, tmp_path / "nowhere")
    assert "cannot be read" in refusal(untouched, put_back, tmp_path)
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as other, other:
        other.execute("CREATE TABLE recipe (name)")
    assert "plain SQLite file" in refusal(untouched, put_back, tmp_path / "other.sqlite")
    _dump_another_database(request.getfixturevalue("cluster"), file)
    assert "plain PostgreSQL dump" in refusal(untouched, put_back, file)
    assert not is_touched(untouched)


def _dump_another_database(cluster, file):
    address = cluster.replace("postgresql+psycopg", "postgresql") + "postgres"
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE recipe (name text)")
        connection.commit()
        command = [postgresql.program("pg_dump"), "-Fc", f"--file={file}", f"--dbname={address}"]
        subprocess.run(command, check=True)
        connection.execute("DROP TABLE recipe")


def sealed_again(made, target, key="development-only-key", payload=None, **changed):
    """A copy of a backup whose manifest says something else, under a checksum that holds."""
    with archive.open_archive(made, None) as backup:
        raw = target.with_suffix(".payload")
        raw.write_bytes(payload or b"".join(backup.payload()))
        size, digest = archive.size_and_digest(raw)
        manifest = replace(backup.manifest, payload_bytes=size, payload_sha256=digest)
    contents = replace(manifest.contents, **changed.pop("contents", {}))
    archive.write_archive(target, replace(manifest, contents=contents, **changed), raw, key)
    return target


def test_a_backup_of_the_other_database_is_refused(kind, untouched, made, tmp_path):
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[kind]
    file = sealed_again(made, tmp_path / "other.backup", database=other)
    assert "This is a backup of" in refusal(untouched, put_back, file)
    assert not is_touched(untouched)


def test_a_database_of_something_else_in_a_sealed_backup_leaves_no_table(
    kind, untouched, made, tmp_path, request
):
    foreign = tmp_path / "foreign"
    if kind == "sqlite":
        with closing(sqlite3.connect(foreign)) as other, other:
            other.execute("CREATE TABLE recipe (name)")
    else:
        _dump_another_database(request.getfixturevalue("cluster"), foreign)
    file = sealed_again(made, tmp_path / "forged.backup", payload=foreign.read_bytes())
    assert "not" in refusal(untouched, put_back, file)
    assert not is_touched(untouched)


@pytest.mark.parametrize("wrong", ["rows", "audit_hash", "audit_number", "revision"])
def test_a_database_that_is_not_what_the_manifest_says_leaves_nothing(
    untouched, made, tmp_path, wrong
):
    with archive.open_archive(made, None) as backup:
        contents = backup.manifest.contents
    said = {
        "rows": {**contents.rows, "consultation": 7},
        "audit_hash": "0" * 64,
        "audit_number": contents.audit_number + 1,
        "revision": "0015",
    }
    file = sealed_again(made, tmp_path / "wrong.backup", contents={wrong: said[wrong]})
    assert "manifest" in refusal(untouched, put_back, file)
    assert not is_touched(untouched)


def test_a_backup_of_a_newer_release_is_refused(app, empty, tmp_path):
    make_consultation(ana_at_a_desk())
    with write_transaction(), db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    made = back_up(tmp_path / "newer.backup")
    assert "newer release" in refusal(empty, put_back, made)
    assert not is_touched(empty)


def test_a_backup_of_an_older_release_is_restored_and_the_upgrade_is_told(app, empty_url, tmp_path):
    make_consultation(ana_at_a_desk())
    db.session.remove()
    downgrade()
    made = back_up(tmp_path / "older.backup")
    db.session.remove()
    empty = create_app(settings_for(empty_url))
    code, said, wrong = run(empty, "restore", str(made))
    assert (code, wrong) == (0, "")
    assert "run `db upgrade`" in said
    in_app(empty, upgrade)
    assert in_app(empty, _state) == "head"
    assert in_app(empty, figures)["consultations"] == 1


def _state():
    return migration_state(db.session(), str(Path(__file__).parents[2] / "migrations"))


def test_another_audit_key_is_refused_unless_it_is_said_to_be_lost(place_url, made):
    other = create_app(replace(settings_for(place_url), audit_key="another"))
    code, _, wrong = run(other, "restore", str(made))
    assert (code, wrong.count("\n")) == (1, 1)
    assert "AUDIT_KEY" in wrong
    assert not is_touched(other)
    code, _, wrong = run(other, "restore", "--other-audit-key", str(made))
    assert (code, wrong.count("\n")) == (1, 1)
    assert "Restored, but the audit trail does not hold at entry 1" in wrong
    assert in_app(other, figures)["consultations"] == 1


def test_a_trail_that_was_broken_before_the_backup_is_restored_and_told(app, empty_url, tmp_path):
    make_consultation(ana_at_a_desk())
    sqlite = db.engine.dialect.name == "sqlite"
    trigger = "audit_entry_no_update" if sqlite else "audit_entry_no_change ON audit_entry"
    with write_transaction(), db.engine.begin() as connection:
        connection.execute(text(f"DROP TRIGGER {trigger}"))
        connection.execute(
            update(AUDIT_ENTRIES).where(AUDIT_ENTRIES.c.number == 2).values(subject="nobody")
        )
    made = back_up(tmp_path / "broken.backup")
    db.session.remove()
    code, _, wrong = run(create_app(settings_for(empty_url)), "restore", str(made))
    assert (code, wrong.count("\n")) == (1, 1)
    assert "does not hold at entry 2" in wrong


def test_a_place_with_tables_is_refused_and_stays_as_it_was(made, place_url):
    place = create_app(settings_for(place_url))
    assert in_app(place, put_back, made).broken is None
    before = in_app(place, figures)
    assert "not empty" in refusal(place, put_back, made)
    assert in_app(place, figures) == before


def test_of_two_restores_at_once_one_stands(made, place_url):
    outcomes = twice_at_once(place_url, lambda app: str(in_app(app, put_back, made).broken))
    assert outcomes.count("None") == 1
    assert all("\n" not in said for said in outcomes)
    assert in_app(create_app(settings_for(place_url)), _what_stands, place_url) == "whole"


def test_a_refused_command_makes_no_file_and_says_one_sentence(tmp_path):
    file = tmp_path / "place" / "new.sqlite"
    file.parent.mkdir()
    (tmp_path / "x.backup").write_bytes(b"something else")
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "restore", str(tmp_path / "x.backup")],
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"], "DATABASE_URL": f"sqlite:///{file}"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert list(file.parent.iterdir()) == []


@SQLITE_ONLY
def test_the_journal_of_a_former_database_is_not_played_into_the_restored_one(made, tmp_path):
    empty = create_app(settings_for(f"sqlite:///{tmp_path / 'restored.sqlite'}"))
    journal = tmp_path / "restored.sqlite-journal"
    journal.write_bytes(b"pages of another time")
    assert "left of a former database" in refusal(empty, put_back, made)
    journal.unlink()
    assert in_app(empty, put_back, made).broken is None


@SQLITE_ONLY
def test_a_full_disk_leaves_no_part_of_a_database(made, small_disk, monkeypatch):
    place = small_disk(f"size={made.stat().st_size // 2}")
    empty = create_app(settings_for(f"sqlite:///{place / 'restored.sqlite'}"))
    assert "MB are needed" in refusal(empty, put_back, made)
    roomy = shutil.disk_usage(made.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: roomy)
    assert "is full" in refusal(empty, put_back, made)
    assert list(place.iterdir()) == []


def states_after_kills(url, made):
    """What stood after each kill of a restore: nothing, the whole with its sessions ended, or a part."""
    place, step, states = create_app(settings_for(url)), 1, []
    while killed_at_step(step, lambda: in_app(place, put_back, made)):
        step += STRIDE
        states.append(in_app(place, _what_stands, url))
        if states[-1] != "nothing":
            break
    return states


def _what_stands(url):
    if url.startswith("postgresql"):
        _wait_until_alone()
    elif not Path(db.engine.url.database).exists():
        return "nothing"
    try:
        if not db.inspect(db.engine).get_table_names():
            return "nothing"
        last = select(AUDIT_ENTRIES.c.action).order_by(AUDIT_ENTRIES.c.number.desc()).limit(1)
        whole = figures()["consultations"] == 1 and db.session.scalar(last) == "restored"
        opened = db.session.execute(select(SESSIONS).where(SESSIONS.c.ended_at.is_(None))).first()
        return "whole" if whole and opened is None else "part"
    except Exception:
        return "part"


def _wait_until_alone():
    others = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    until = time.monotonic() + 20
    while db.session.scalar(others):
        db.session.rollback()
        assert time.monotonic() < until
        time.sleep(0.02)
    db.session.rollback()


def test_a_killed_restore_leaves_nothing_or_the_whole(place_url, made):
    states = states_after_kills(place_url, made)
    assert set(states) <= {"nothing", "whole"}
    assert len(states) > 3
    if "whole" not in states:
        assert in_app(create_app(settings_for(place_url)), _what_stands, place_url) == "whole"


@SQLITE_ONLY
def test_a_restore_into_the_place_itself_is_caught_by_the_kills(made, tmp_path, monkeypatch):
    place = tmp_path / "place"
    place.mkdir()

    def in_place(directory):
        (directory / "database").unlink(missing_ok=True)
        return nullcontext(directory)

    monkeypatch.setattr(restoring, "staging", in_place)
    assert "part" in states_after_kills(f"sqlite:///{place / 'database'}", made)
