"""Rows and figures are proven to agree; a figure that does not is named, and fixed while the app runs."""

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
from tests.counts.histories import (
    NOW,
    HistoryPlayer,
    PlannedConsultation,
    content_of_one_woman,
    make_player,
)
from tests.counts.test_truthful_answers import generate_visits, record_visits
from tests.factories.records import consultation_json, in_new_context, make_account
from tests.server import Client, serving

pytestmark = pytest.mark.both_databases

MONTHS = ("2025-12", "2026-01", "2026-02")
TALLY = {k: content_of_one_woman()[k] for k in ("desk", "held_on")} | {
    "outcomes": ["person_declined_record"]
}
VOIDED = PlannedConsultation(UUID(int=1, version=4), content_of_one_woman(card=0), ("void",))


@pytest.fixture
def player(app) -> HistoryPlayer:
    """Record three months of visits with and without cards in two countries, a tally, a voided record."""
    player = make_player(app)
    rng = Random(5)
    visits = [visit for visit in generate_visits(rng, 0.25) if visit.month in MONTHS]
    record_visits(player, visits, rng, 1)
    with clock.frozen_at(NOW):
        for planned in (PlannedConsultation(UUID(int=2, version=4), TALLY), VOIDED):
            with unit_of_work():
                player.record(planned)
        with unit_of_work():
            player.change(VOIDED, "void")
    return player


def run(player: HistoryPlayer, *arguments: str) -> tuple[int, str]:
    """Return the exit status and the output of a `counts` command."""
    result = in_new_context(player.app.test_cli_runner().invoke, args=["counts", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def change_one_row(statement: str) -> None:
    """Change exactly one row behind the app's back."""
    with unit_of_work():
        assert db.session.execute(text(statement)).rowcount == 1


def test_what_the_app_wrote_is_proven_and_proving_writes_nothing(player):
    before = (player.aggregates(), player.lines())
    status, output = run(player, "prove")
    assert (status, output[:23]) == (0, "Rows and figures agree:"), output
    assert (player.aggregates(), player.lines()) == before


KEYS = {
    "reach_aggregate": "country, desk_id, month, previous_in_country, previous_in_programme, is_known",
    "breakdown_aggregate": "country, desk_id, month, dimension, code",
    "volume_aggregate": "outcome, country, desk_id, month, held_on",
    "person_line": "id",
}


def first_row(table: str, where: str) -> str:
    """Return the condition that selects the first matching row of a table, on both databases."""
    keys = KEYS[table]
    return f"({keys}) IN (SELECT {keys} FROM {table} WHERE {where} ORDER BY {keys} LIMIT 1)"


def update_first(table: str, assignment: str, where: str) -> str:
    """Return the statement that changes the first matching row."""
    return f"UPDATE {table} SET {assignment} WHERE {first_row(table, where)}"


def delete_first(table: str, where: str) -> str:
    """Return the statement that deletes the first matching row."""
    return f"DELETE FROM {table} WHERE {first_row(table, where)}"


NOWHERE = """INSERT INTO breakdown_aggregate (country, desk_id, month, dimension, code, in_country, in_programme)
VALUES ('SUR', (SELECT id FROM desk WHERE code = 'SUR-01'), 202602, 'nationality', 'FRA', 1, 1)"""
FAULTS = {
    "a cell of people holds one more": (
        update_first("reach_aggregate", "n = n + 1", "n > 0 AND month = 202602"),
        "2026-02, persons whose previous contact was",
    ),
    "a cell of people is gone": (
        delete_first("reach_aggregate", "n > 0 AND month = 202512"),
        "2025-12, persons whose previous contact was",
    ),
    "a cell of a part holds one less in its country": (
        update_first(
            "breakdown_aggregate",
            "in_country = in_country - 1",
            "in_country > 0 AND dimension = 'sex_age'",
        ),
        "the country's figure, sex_age",
    ),
    "a cell of a part holds one more in the programme": (
        update_first(
            "breakdown_aggregate", "in_programme = in_programme + 1", "dimension = 'topic_any'"
        ),
        "the programme's figure, topic_any asylum",
    ),
    "a cell of a part is gone": (
        delete_first("breakdown_aggregate", "in_country > 0 AND dimension = 'situation'"),
        "the country's figure, situation in_transit",
    ),
    "a cell stands where nothing was recorded": (
        NOWHERE,
        "SUR-01 2026-02, persons reached in the country's figure, nationality FRA: 1 in the cells, 0",
    ),
    "a day has one consultation more": (
        update_first("volume_aggregate", "consultations = consultations + 1", "outcome = ''"),
        "consultations of 2025-12",
    ),
    "a day has other people in its consultations": (
        update_first("volume_aggregate", "persons = persons + 3", "outcome = '' AND persons > 0"),
        "persons in consultations of 2025-12",
    ),
    "a day's tally is gone": (
        update_first("volume_aggregate", "tallies = 0", "outcome = '' AND tallies > 0"),
        "HND-01 2026-02, tallies of 2026-02-17: 0 in the cells, 1 in the rows",
    ),
    "an outcome's day is gone": (
        delete_first("volume_aggregate", "outcome = 'information_given' AND persons > 0"),
        "information_given",
    ),
    "a line is gone": (
        delete_first("person_line", "month = 202602"),
        "2026-02, persons whose previous contact was",
    ),
    "a person's contact before is another": (
        update_first(
            "person_line",
            "previous_in_country = 202509, previous_in_programme = 202509",
            "card_id IS NOT NULL AND is_known AND qualifying AND NOT is_void AND month = 202602",
        ),
        "2026-02, persons whose previous contact was",
    ),
}


def test_every_planted_fault_is_named_and_a_rebuild_fixes_it(player):
    for fault, (statement, message) in FAULTS.items():
        change_one_row(statement)
        status, output = run(player, "prove")
        assert (status, output.count("\n")) == (1, 1), (fault, output)
        assert message in output, fault
        assert run(player, "rebuild")[0] == 0, fault
    assert run(player, "prove")[0] == 0


@pytest.mark.parametrize(
    ("to", "where", "month"),
    [
        ("is_void = false", "is_void", "2026-02"),
        ("is_void = true", "month = 202601", "2026-01"),
        ("qualifying = false", "month = 202602", "2026-02"),
        ("topics = 'health'", "month = 202602 AND topics <> 'health'", "2026-02"),
    ],
)
def test_a_line_that_differs_from_its_consultation_is_named_even_if_its_aggregates_agree(
    player, to, where, month
):
    change_one_row(update_first("person_line", to, where))
    status, output = run(player, "prove")
    assert (status, f"{month}, persons" in output) == (1, True), output
    assert run(player, "rebuild")[0] == 0
    status, output = run(player, "prove")
    assert (status, "a line says something else than its consultation" in output) == (1, True), (
        output
    )


def test_of_several_faults_the_first_is_named(player):
    for month in (202602, 202512, 202601):
        where = first_row("reach_aggregate", f"n > 0 AND month = {month}")
        change_one_row(f"UPDATE reach_aggregate SET n = n + 1 WHERE {where}")
    assert "2025-12" in run(player, "prove")[1]


def test_a_wrong_link_that_its_aggregates_repeat_is_named_and_linked_again(player, monkeypatch):
    condition = (
        "is_known AND card_id IS NOT NULL AND previous_in_country = 0 AND previous_in_programme > 0"
    )
    with unit_of_work():
        statement = f"UPDATE person_line SET previous_in_programme = 0 WHERE {condition}"
        assert db.session.execute(text(statement)).rowcount > 0
    monkeypatch.setattr(actions, "_repair_links", lambda: None)
    assert run(player, "rebuild")[0] == 0
    monkeypatch.undo()
    status, output = run(player, "prove")
    assert (status, "visitor card" in output) == (1, True), output
    assert run(player, "rebuild")[0] == 0
    assert run(player, "prove")[0] == 0


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


def start_rebuild(player: HistoryPlayer) -> subprocess.Popen[bytes]:
    """Start a rebuild in a process of its own, slow enough to be killed in the midst of it."""
    url = player.app.config["SETTINGS"].database_url
    command = [sys.executable, "-c", SLOWLY]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "DATABASE_URL": url})


def read_progress() -> tuple[int, str]:
    """Return the last month and country that a rebuild has finished."""
    row = db.session.execute(text("SELECT month, country FROM aggregate_rebuild")).first()
    db.session.rollback()
    return (row[0], row[1]) if row else NOTHING


def kill_after(process: subprocess.Popen[bytes], before: tuple[int, str]) -> tuple[int, str]:
    """Kill a rebuild some months further than before, and return how far it had come."""
    until = time.monotonic() + 120
    while read_progress() <= (before[0] + 1, ""):
        assert time.monotonic() < until, "the rebuilding does not go on"
        assert process.poll() is None, "it was done before it was killed"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return read_progress()


def delete_all_aggregates() -> None:
    with unit_of_work():
        for table in ("reach_aggregate", "breakdown_aggregate", "volume_aggregate"):
            db.session.execute(text(f"DELETE FROM {table}"))


def test_a_rebuild_killed_twice_resumes_and_makes_the_same_aggregates(player):
    expected = [row for row in player.aggregates() if "volume" not in row]
    delete_all_aggregates()
    first = kill_after(start_rebuild(player), NOTHING)
    second = kill_after(start_rebuild(player), first)
    assert second > first > NOTHING
    assert run(player, "prove")[0] == 1
    status, output = run(player, "rebuild")
    assert status == 0
    assert "Resuming an interrupted rebuild" in output
    assert int(output.splitlines()[-1].split()[0]) < len(player.lines()), "it was done again"
    assert read_progress() == NOTHING
    assert run(player, "prove")[0] == 0
    assert [row for row in player.aggregates() if "volume" not in row] == expected


def test_records_that_arrive_while_aggregates_are_rebuilt_are_counted_once(player):
    make_account("ana", "desk_staff", (player.desk("HND-01"),))
    delete_all_aggregates()
    stop, statuses = Event(), list[int]()
    with serving(player.app.config["SETTINGS"].database_url) as server:
        client = Client(server.port).sign_in("ana")

        def send_on() -> None:
            while not stop.is_set():
                card = player.codes[len(statuses) % len(player.codes)]
                content = consultation_json(held_on="2026-02-17", card=card)
                statuses.append(client.post("/consultations", content)[0])

        thread = Thread(target=send_on)
        thread.start()
        try:
            rebuild = start_rebuild(player)
            assert rebuild.wait(timeout=300) == 0
        finally:
            stop.set()
            thread.join()
    assert len(statuses) > 10
    assert set(statuses) == {201}
    assert run(player, "prove")[0] == 0, run(player, "prove")
