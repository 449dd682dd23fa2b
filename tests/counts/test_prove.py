"""Rows and figures are proven to agree; a figure that does not is named, and made right while the app runs."""

import os
import signal
import subprocess
import sys
import time
from random import Random
from threading import Event, Thread
from uuid import UUID

import pytest
from sqlalchemy import text

from app import clock
from app.counts import actions
from app.db.session import db, unit_of_work
from tests.benchmarks.server import ROOT
from tests.counts.histories import NOW, Stage, Told, one_woman, set_stage
from tests.counts.test_truth import live, record
from tests.factories.records import consultation_json, in_new_context, make_account
from tests.server import Client, serving

pytestmark = pytest.mark.both_databases

MONTHS = ("2025-12", "2026-01", "2026-02")
TALLY = {k: one_woman()[k] for k in ("desk", "held_on")} | {"outcomes": ["person_declined_record"]}
VOIDED = Told(UUID(int=1, version=4), one_woman(card=0), ("void",))


@pytest.fixture
def stage(app) -> Stage:
    """Three months of visits with and without cards in two countries, a tally, a voided record."""
    stage = set_stage(app)
    chance = Random(5)
    visits = [visit for visit in live(chance, 0.25) if visit.month in MONTHS]
    record(stage, visits, chance, 1)
    with clock.frozen_at(NOW):
        for told in (Told(UUID(int=2, version=4), TALLY), VOIDED):
            with unit_of_work():
                stage.record(told)
        with unit_of_work():
            stage.change(VOIDED, "void")
    return stage


def run(stage: Stage, *arguments: str) -> tuple[int, str]:
    """Exit status and words of a command of figures."""
    said = in_new_context(stage.app.test_cli_runner().invoke, args=["counts", *arguments])
    assert said.exception is None or isinstance(said.exception, SystemExit), said.exception
    return said.exit_code, said.output


def plant(statement: str) -> None:
    """Changes exactly one row behind the app's back."""
    with unit_of_work():
        assert db.session.execute(text(statement)).rowcount == 1


def test_what_the_app_wrote_is_proven_and_proving_writes_nothing(stage):
    before = (stage.cells(), stage.lines())
    status, said = run(stage, "prove")
    assert (status, said[:23]) == (0, "Rows and figures agree:"), said
    assert (stage.cells(), stage.lines()) == before


KEYS = {
    "reach_cell": "country, desk_id, month, previous_in_country, previous_in_programme, known",
    "part_cell": "country, desk_id, month, part, code",
    "volume_cell": "outcome, country, desk_id, month, held_on",
    "person_line": "id",
}


def first_of(table: str, where: str) -> str:
    """Names the first row of a table that is so, on both databases."""
    keys = KEYS[table]
    return f"({keys}) IN (SELECT {keys} FROM {table} WHERE {where} ORDER BY {keys} LIMIT 1)"


def changed(table: str, to: str, where: str) -> str:
    """Changes the first row that is so."""
    return f"UPDATE {table} SET {to} WHERE {first_of(table, where)}"


def gone(table: str, where: str) -> str:
    """Removes the first row that is so."""
    return f"DELETE FROM {table} WHERE {first_of(table, where)}"


NOWHERE = """INSERT INTO part_cell (country, desk_id, month, part, code, in_country, in_programme)
VALUES ('SUR', (SELECT id FROM desk WHERE code = 'SUR-01'), 202602, 'nationality', 'FRA', 1, 1)"""
FAULTS = {
    "a cell of people holds one more": (
        changed("reach_cell", "n = n + 1", "n > 0 AND month = 202602"),
        "2026-02, persons whose previous contact was",
    ),
    "a cell of people is gone": (
        gone("reach_cell", "n > 0 AND month = 202512"),
        "2025-12, persons whose previous contact was",
    ),
    "a cell of a part holds one less in its country": (
        changed("part_cell", "in_country = in_country - 1", "in_country > 0 AND part = 'sex_age'"),
        "the country's figure, sex_age",
    ),
    "a cell of a part holds one more in the programme": (
        changed("part_cell", "in_programme = in_programme + 1", "part = 'topic_any'"),
        "the programme's figure, topic_any asylum",
    ),
    "a cell of a part is gone": (
        gone("part_cell", "in_country > 0 AND part = 'situation'"),
        "the country's figure, situation in_transit",
    ),
    "a cell stands where nothing was recorded": (
        NOWHERE,
        "SUR-01 2026-02, persons reached in the country's figure, nationality FRA: 1 in the cells, 0",
    ),
    "a day has one consultation more": (
        changed("volume_cell", "consultations = consultations + 1", "outcome = ''"),
        "consultations of 2025-12",
    ),
    "a day has other people in its consultations": (
        changed("volume_cell", "persons = persons + 3", "outcome = '' AND persons > 0"),
        "persons in consultations of 2025-12",
    ),
    "a day's tally is gone": (
        changed("volume_cell", "tallies = 0", "outcome = '' AND tallies > 0"),
        "HND-01 2026-02, tallies of 2026-02-17: 0 in the cells, 1 in the rows",
    ),
    "an outcome's day is gone": (
        gone("volume_cell", "outcome = 'information_given' AND persons > 0"),
        "information_given",
    ),
    "a line is gone": (
        gone("person_line", "month = 202602"),
        "2026-02, persons whose previous contact was",
    ),
    "a person's contact before is another": (
        changed(
            "person_line",
            "previous_in_country = 202509, previous_in_programme = 202509",
            "card_id IS NOT NULL AND known AND qualifying AND NOT is_void AND month = 202602",
        ),
        "2026-02, persons whose previous contact was",
    ),
}


def test_every_planted_fault_is_named_and_a_rebuilding_puts_it_right(stage):
    for fault, (statement, named) in FAULTS.items():
        plant(statement)
        status, said = run(stage, "prove")
        assert (status, said.count("\n")) == (1, 1), (fault, said)
        assert named in said, fault
        assert run(stage, "rebuild")[0] == 0, fault
    assert run(stage, "prove")[0] == 0


@pytest.mark.parametrize(
    ("to", "where", "month"),
    [
        ("is_void = false", "is_void", "2026-02"),
        ("is_void = true", "month = 202601", "2026-01"),
        ("qualifying = false", "month = 202602", "2026-02"),
        ("topics = 'health'", "month = 202602 AND topics <> 'health'", "2026-02"),
    ],
)
def test_a_line_that_left_its_consultation_is_named_even_where_its_cells_agree(
    stage, to, where, month
):
    plant(changed("person_line", to, where))
    status, said = run(stage, "prove")
    assert (status, f"{month}, persons" in said) == (1, True), said
    assert run(stage, "rebuild")[0] == 0
    status, said = run(stage, "prove")
    assert (status, "a line says something else than its consultation" in said) == (1, True), said


def test_of_several_faults_the_first_is_named(stage):
    for month in (202602, 202512, 202601):
        where = first_of("reach_cell", f"n > 0 AND month = {month}")
        plant(f"UPDATE reach_cell SET n = n + 1 WHERE {where}")
    assert "2025-12" in run(stage, "prove")[1]


def test_a_wrong_link_that_its_cells_repeat_is_named_and_linked_again(stage, monkeypatch):
    moved = (
        "known AND card_id IS NOT NULL AND previous_in_country = 0 AND previous_in_programme > 0"
    )
    with unit_of_work():
        statement = f"UPDATE person_line SET previous_in_programme = 0 WHERE {moved}"
        assert db.session.execute(text(statement)).rowcount > 0
    monkeypatch.setattr(actions, "_repair_links", lambda: None)
    assert run(stage, "rebuild")[0] == 0
    monkeypatch.undo()
    status, said = run(stage, "prove")
    assert (status, "visitor card" in said) == (1, True), said
    assert run(stage, "rebuild")[0] == 0
    assert run(stage, "prove")[0] == 0


SLOWLY = """
import time
from app.counts import actions
apply_delta = actions.apply_delta
def slow(*arguments):
    apply_delta(*arguments)
    time.sleep(0.1)
actions.apply_delta = slow
from wsgi import application
done = application.test_cli_runner().invoke(args=["counts", "rebuild"])
print(done.output, done.exception or "")
raise SystemExit(done.exit_code)
"""
NOTHING = (0, "")


def started(stage: Stage) -> subprocess.Popen[bytes]:
    """A rebuilding in a process of its own, slow enough to be met in the midst of it."""
    url = stage.app.config["SETTINGS"].database_url
    command = [sys.executable, "-c", SLOWLY]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "DATABASE_URL": url})


def mark() -> tuple[int, str]:
    """The last country's month that a rebuilding has done."""
    row = db.session.execute(text("SELECT month, country FROM cell_rebuild")).first()
    db.session.rollback()
    return (row[0], row[1]) if row else NOTHING


def killed_after(process: subprocess.Popen[bytes], before: tuple[int, str]) -> tuple[int, str]:
    """How far a rebuilding had come when it was killed, some months further than before."""
    until = time.monotonic() + 120
    while mark() <= (before[0] + 1, ""):
        assert time.monotonic() < until, "the rebuilding does not go on"
        assert process.poll() is None, "it was done before it was killed"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return mark()


def forget_all_cells() -> None:
    with unit_of_work():
        for table in ("reach_cell", "part_cell", "volume_cell"):
            db.session.execute(text(f"DELETE FROM {table}"))


def test_a_rebuilding_killed_twice_goes_on_and_makes_the_same_cells(stage):
    wanted = [cell for cell in stage.cells() if "volume" not in cell]
    forget_all_cells()
    first = killed_after(started(stage), NOTHING)
    second = killed_after(started(stage), first)
    assert second > first > NOTHING
    assert run(stage, "prove")[0] == 1
    status, said = run(stage, "rebuild")
    assert status == 0
    assert "Goes on where it was interrupted" in said
    assert int(said.splitlines()[-1].split()[0]) < len(stage.lines()), "it was done again"
    assert mark() == NOTHING
    assert run(stage, "prove")[0] == 0
    assert [cell for cell in stage.cells() if "volume" not in cell] == wanted


def test_records_that_arrive_while_cells_are_rebuilt_are_counted_once(stage):
    make_account("ana", "desk_staff", (stage.desk("HND-01"),))
    forget_all_cells()
    enough, sent = Event(), list[int]()
    with serving(stage.app.config["SETTINGS"].database_url) as server:
        client = Client(server.port).sign_in("ana")

        def send_on() -> None:
            while not enough.is_set():
                card = stage.codes[len(sent) % len(stage.codes)]
                told = consultation_json(held_on="2026-02-17", card=card)
                sent.append(client.post("/consultations", told)[0])

        sending = Thread(target=send_on)
        sending.start()
        try:
            rebuilding = started(stage)
            assert rebuilding.wait(timeout=300) == 0
        finally:
            enough.set()
            sending.join()
    assert len(sent) > 10
    assert set(sent) == {201}
    assert run(stage, "prove")[0] == 0, run(stage, "prove")
