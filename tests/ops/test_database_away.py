"""A PostgreSQL that stops and restarts under a running server: one sentence each time, and no fault afterwards."""

import http.client
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

import psycopg
import pytest

from app.db.session import db
from tests import postgres, stopwatch
from tests.conftest import create_app, migrate, settings_for
from tests.factories.records import consultation_json, make_account, make_desk
from tests.server import ROUNDS, Client, Server, serving

BRAND = b'class="brand"'
RESTARTS = 4 * ROUNDS
SHORT = "?options=-c%20lock_timeout%3D300"
"""Shorter than a real server's, so that the tests are short too; the answer is the same."""


@dataclass
class Deployment:
    """A server on a PostgreSQL of its own, and a browser in which Ana is signed in."""

    cluster: postgres.Cluster
    server: Server
    ana: Client

    @property
    def address(self) -> str:
        return self.cluster.address.replace("+psycopg", "") + "postgres"

    def execute(self, *statements: str) -> None:
        with psycopg.connect(self.address, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    """Yield a server of two workers, with as many connections."""
    with postgres.cluster() as cluster:
        url = cluster.address + "postgres"
        migrate(url)
        app = create_app(settings_for(url))
        with app.app_context():
            make_account("ana", "desk_staff", (make_desk(),))
            db.session.remove()
            db.engine.dispose()
        with serving(url + SHORT) as server:
            yield Deployment(cluster, server, Client(server.port).sign_in("ana"))


@dataclass
class WatchResult:
    """What a browser received: statuses, and every answer of 500 and more that is not our error page."""

    statuses: list[int] = field(default_factory=list)
    unexpected: list[tuple[int, bytes]] = field(default_factory=list)


def get_page(
    deployment: Deployment, path: str = "/consultations/new"
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", deployment.server.port, timeout=30)
    cookie = "; ".join(f"{name}={value}" for name, value in deployment.ana.cookies.items())
    connection.request("GET", path, headers={"Cookie": cookie, "Accept": "text/html"})
    answer = connection.getresponse()
    response = answer.status, answer.headers, answer.read()
    connection.close()
    return response


def watch(deployment: Deployment, has_ended: Event) -> WatchResult:
    result = WatchResult()
    while not has_ended.is_set():
        status, headers, text = get_page(deployment)
        result.statuses.append(status)
        is_error_page = status == 503 and headers["Retry-After"] and BRAND in text
        if status >= 500 and not is_error_page:
            result.unexpected.append((status, text[:80]))
        time.sleep(0.01)
    return result


def test_restarts_under_a_signed_in_browser_are_a_sentence_and_then_over(deployment):
    has_ended, after = Event(), []
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(watch, deployment, has_ended) for _ in range(2)]
        for _ in range(RESTARTS):
            deployment.cluster.stop()
            time.sleep(0.1)
            deployment.cluster.start()
            after += [get_page(deployment)[0] for _ in range(6)]
        has_ended.set()
        results = [watch_result.result() for watch_result in futures]
    assert [watch_result.unexpected for watch_result in results] == [[], []]
    assert after == [200] * 6 * RESTARTS, "no worker keeps a connection that is dead"
    statuses = [status for watch_result in results for status in watch_result.statuses]
    assert statuses.count(503) >= RESTARTS, "the browser did meet a database that was away"
    assert set(statuses) == {200, 503}


def test_a_crash_of_the_database_is_a_sentence_too(deployment):
    deployment.cluster.stop("immediate")
    status, headers, text = get_page(deployment)
    ready = deployment.ana.ask("GET", "/readyz")
    deployment.cluster.start()
    assert (status, bool(headers["Retry-After"]), BRAND in text) == (503, True, True)
    assert (ready[0], ready[1]["problems"][0][:9]) == (503, "database_")
    assert deployment.ana.ask("GET", "/readyz")[0] == 200


def test_a_read_only_database_is_not_ready_and_is_read_all_the_same(deployment):
    ours = "pid <> pg_backend_pid() AND application_name = 'ventanilla'"
    kill = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}"
    deployment.execute("ALTER DATABASE postgres SET default_transaction_read_only = on", kill)
    try:
        page = get_page(deployment)
        status, refused = deployment.ana.post("/consultations", consultation_json())
        ready = deployment.ana.ask("GET", "/readyz")
    finally:
        undo = "ALTER DATABASE postgres RESET default_transaction_read_only"
        deployment.execute("SET default_transaction_read_only = off", undo, kill)
    assert page[0] == 200
    assert (status, set(refused)) == (503, {"problem"})
    assert (ready[0], ready[1]["problems"]) == (503, ["database_read_only"])
    assert (ready[1]["database"], ready[1]["writable"]) == ("postgresql", False)
    assert deployment.ana.post("/consultations", consultation_json())[0] == 201


@pytest.mark.parametrize(
    "lock",
    [
        "LOCK TABLE consultation IN ACCESS EXCLUSIVE MODE",
        "SELECT 1 FROM desk FOR UPDATE",
        "LOCK TABLE audit_entry IN EXCLUSIVE MODE",
    ],
)
def test_a_forgotten_transaction_elsewhere_ends_in_a_sentence(deployment, lock):
    with psycopg.connect(deployment.address) as forgotten:
        forgotten.execute(lock)
        started_at, unhindered = time.monotonic(), stopwatch.now()
        status, refused = deployment.ana.post("/consultations", consultation_json())
        seconds, own_seconds = time.monotonic() - started_at, stopwatch.now() - unhindered
        ready = deployment.ana.ask("GET", "/readyz")
        forgotten.rollback()
    assert (status, set(refused)) == (503, {"problem"})
    assert seconds > 0.25 and own_seconds < 5
    assert ready[0] == 200, "who waits is not the database"
    assert deployment.ana.post("/consultations", consultation_json())[0] == 201


def test_readiness_waits_for_nobody_long(deployment):
    with psycopg.connect(deployment.address) as forgotten:
        forgotten.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        started_at = stopwatch.now()
        status, ready = deployment.ana.ask("GET", "/readyz")
        seconds = stopwatch.now() - started_at
        forgotten.rollback()
    assert (status, ready["problems"]) == (503, ["database_lock_timeout"])
    assert seconds < 2.5


@pytest.mark.parametrize(
    ("break_statement", "repair_statement"),
    [
        ("ALTER TABLE person_line RENAME TO away", "ALTER TABLE away RENAME TO person_line"),
        (
            "ALTER TABLE consultation RENAME COLUMN held_on TO away",
            "ALTER TABLE consultation RENAME COLUMN away TO held_on",
        ),
        (
            "ALTER TABLE staff_session RENAME TO away",
            "ALTER TABLE away RENAME TO staff_session",
        ),
    ],
)
def test_a_missing_table_or_column_is_a_sentence(deployment, break_statement, repair_statement):
    deployment.execute(break_statement)
    try:
        status, refused = deployment.ana.post("/consultations", consultation_json())
    finally:
        deployment.execute(repair_statement)
    assert (status, set(refused)) == (503, {"problem"})
    assert deployment.ana.post("/consultations", consultation_json())[0] == 201
