"""A backup while the app runs, and its restore into an empty place."""

import os
import subprocess
import sys
import threading
from contextvars import Context
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.audit.actions import verify
from app.audit.queries import TRAIL, find_last
from app.base.database import db
from app.consultations.queries import ROWS
from app.people.queries.lines import LINES
from app.staff.queries import SESSIONS
from app.upkeep.actions.backup import back_up
from app.upkeep.actions.postgresql import program
from app.upkeep.actions.restore import restore
from app.upkeep.rules import Refused
from tests.builders import consultation_json, make_account, make_consultation, make_desk, sign_in
from tests.conftest import create_app, settings_for

HALF_A_DUMP = """#!/bin/sh
for word; do case $word in --file=*) echo half > "${word#--file=}";; esac; done
exit 1
"""
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def empty_url(database_url, tmp_path, request):
    """An empty database of the same kind."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'restored.sqlite'}"
        return
    from tests.conftest import _ask

    cluster, name = database_url.rsplit("/", 1)
    _ask(cluster + "/", f"CREATE DATABASE {name}_restored")
    yield f"{cluster}/{name}_restored"
    _ask(cluster + "/", f"DROP DATABASE {name}_restored WITH (FORCE)")


@pytest.fixture
def empty(empty_url):
    """The app on the empty database."""
    return create_app(settings_for(empty_url))


def ana_at_a_desk():
    desk = make_desk()
    return make_account("ana", "desk_staff", (desk,))


def in_app(app, call, *arguments):
    """Runs a call in its own context of an app, as another process would."""

    def within():
        with app.app_context():
            try:
                return call(*arguments)
            finally:
                db.session.remove()
                db.engine.dispose()

    return Context().run(within)


def figures():
    session = db.session()
    return {
        "consultations": session.scalar(select(func.count()).select_from(ROWS)),
        "persons": session.scalar(select(func.sum(ROWS.c.persons))),
        "people_in_lines": session.scalar(select(func.sum(LINES.c.n))),
        "ids": {str(one) for one in session.scalars(select(ROWS.c.id))},
        "chain": verify(session),
        "open_sessions": session.scalar(
            select(func.count()).select_from(SESSIONS).where(SESSIONS.c.ended_at.is_(None))
        ),
    }


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
    checked, broken = in_app(empty, restore, made)
    restored = in_app(empty, figures)
    assert broken is None
    assert set(before) <= restored["ids"] <= set(answered)
    assert restored["consultations"] == restored["persons"] == restored["people_in_lines"]
    assert restored["chain"] == (checked + 1, None)
    assert restored["open_sessions"] == 0


def test_the_name_of_a_backup_tells_the_head_of_the_chain_it_holds(app, empty, tmp_path):
    make_consultation(ana_at_a_desk())
    made = back_up(tmp_path)
    _, _, number, seal = made.stem.split("-")
    head = select(TRAIL.c.seal, TRAIL.c.act).where(TRAIL.c.number == int(number))
    here = db.session.execute(head).one()
    assert (here.seal[:12], here.act) == (seal, "backed_up")
    in_app(empty, restore, made)

    def last_two():
        acts = select(TRAIL.c.number, TRAIL.c.act, TRAIL.c.seal).order_by(TRAIL.c.number.desc())
        return db.session.execute(acts.limit(2)).all()

    after, copied = in_app(empty, last_two)
    assert (copied.number, copied.seal) == (int(number), here.seal)
    assert after.act == "restored"


def test_a_file_that_exists_is_never_overwritten(app, tmp_path):
    ana_at_a_desk()
    there = tmp_path / "mine.backup"
    there.write_bytes(b"mine")
    entries = find_last(db.session())
    with pytest.raises(Refused):
        back_up(there)
    assert there.read_bytes() == b"mine"
    assert find_last(db.session()) == entries


def test_a_backup_that_fails_half_way_leaves_no_file(app, tmp_path, monkeypatch):
    ana_at_a_desk()
    place = tmp_path / "place"
    place.mkdir()
    if db.engine.dialect.name == "postgresql":
        fake = tmp_path / "pg_dump"
        fake.write_text(HALF_A_DUMP)
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        with pytest.raises(Refused):
            back_up(place)
    else:
        path = Path(db.engine.url.database)
        db.engine.dispose()
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) // 2))
        with pytest.raises(Exception, match=r"."):
            back_up(place)
    assert list(place.iterdir()) == []


def test_a_place_with_tables_is_refused_and_stays_as_it_was(app, tmp_path):
    make_consultation(ana_at_a_desk())
    made = back_up(tmp_path)
    before = figures()
    db.session.rollback()
    with pytest.raises(Refused, match="not empty"):
        restore(made)
    assert figures() == before


def test_what_is_no_backup_is_refused(empty, tmp_path):
    wrong = tmp_path / "wrong.backup"
    wrong.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(Refused, match="not a backup"):
        in_app(empty, restore, wrong)
    with pytest.raises(Refused, match="cannot be read"):
        in_app(empty, restore, tmp_path / "nowhere.backup")


def test_a_backup_of_the_other_database_is_refused(empty, tmp_path):
    other = tmp_path / "other.backup"
    sqlite = empty.config["SETTINGS"].database_url.startswith("sqlite")
    other.write_bytes(b"PGDMP rest" if sqlite else b"SQLite format 3\x00 rest")
    with pytest.raises(Refused, match="This is a backup of"):
        in_app(empty, restore, other)


def test_a_damaged_backup_leaves_the_place_empty(app, empty, tmp_path):
    make_consultation(ana_at_a_desk())
    made = back_up(tmp_path)
    whole = made.read_bytes()
    half = tmp_path / "half.backup"
    half.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Exception, match=r"."):
        in_app(empty, restore, half)
    checked, broken = in_app(empty, restore, made)
    assert broken is None
    assert checked > 0


def test_a_missing_program_is_told_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="pg_nothing is not installed"):
        program("pg_nothing")


def run(app, *words):
    """What a command of the app answers: exit code, output, what it said on stderr."""
    done = Context().run(app.test_cli_runner().invoke, args=list(words))
    return done.exit_code, done.stdout, done.stderr


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


def test_another_audit_key_is_told_after_a_restore(app, empty_url, tmp_path):
    ana_at_a_desk()
    db.session.remove()
    made = back_up(tmp_path)
    other = create_app(replace(settings_for(empty_url), audit_key="another"))
    code, _, wrong = run(other, "restore", str(made))
    in_app(other, db.session.rollback)
    assert code == 1
    assert "does not hold at entry 1" in wrong
