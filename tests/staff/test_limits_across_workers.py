"""Limits hold over all workers, and password hashing is bounded for the whole machine."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask

from tests.factories.records import make_account, make_desk
from tests.server import Client, Server, serving

pytestmark = pytest.mark.both_databases

GUESSES, REQUESTS, N_THREADS = 45, 45, 12
LIMIT, ENROL_PER_MINUTE = 5, 20


@pytest.fixture
def url(app: Flask, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of a database with one account, for servers of two workers with eight threads each."""
    make_account("ana", "desk_staff", (make_desk(),))
    (tmp_path / "metrics").mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "metrics"))
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--worker-class gthread --threads 8")
    return database_url


@pytest.fixture
def strict_server(url: str) -> Iterator[Server]:
    with serving(url, module="tests.apps.strict_limits:application") as server:
        yield server


def guess_own_password(server: Server) -> Counter[int]:
    """Guess the password inside a session; return how often each status was answered."""
    client = Client(server.port).sign_in("ana")
    new_password = "another-long-phrase"
    fields = {"current": "not-the-right-phrase", "password": new_password, "repeated": new_password}
    body = urlencode({**fields, "csrf_token": client.token})
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items()),
    }

    def guess(_: int) -> int:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("POST", "/account/password", body, headers)
        status = connection.getresponse().status
        connection.close()
        return status

    with ThreadPoolExecutor(N_THREADS) as pool:
        return Counter(pool.map(guess, range(GUESSES)))


def enrol_with_wrong_codes(server: Server) -> Counter[int]:
    """Try to enrol a tablet with wrong codes; return how often each status was answered."""
    with ThreadPoolExecutor(N_THREADS) as pool:
        statuses = pool.map(
            lambda _: Client(server.port).post("/sync/enrol", {"code": "WRONG"})[0], range(REQUESTS)
        )
        return Counter(statuses)


def max_concurrent_hashes(folder: Path) -> int:
    """Return how many checks of a password ran at the same moment, over all workers."""
    lines = [line.split() for line in (folder / "hashes").read_text("ascii").splitlines()]
    running = maximum = 0
    for _, step in sorted((int(at), int(step)) for at, step in lines):
        running += step
        maximum = max(maximum, running)
    return maximum


def scrape(server: Server) -> set[str]:
    """Return the lines of `/metrics`, from any worker."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/metrics")
    body = connection.getresponse().read().decode()
    connection.close()
    return set(body.splitlines())


def test_two_workers_share_every_limit_one_hashing_slot_and_their_metrics(
    strict_server: Server, tmp_path: Path
) -> None:
    guesses = guess_own_password(strict_server)
    enrolments = enrol_with_wrong_codes(strict_server)

    assert 0 < guesses[422] <= LIMIT, guesses
    assert guesses[422] + guesses[429] + guesses[503] == GUESSES
    assert enrolments == {401: ENROL_PER_MINUTE, 429: REQUESTS - ENROL_PER_MINUTE}
    assert max_concurrent_hashes(tmp_path) == 1
    line = 'ventanilla_requests_total{method="POST",route="/sync/enrol",status="4xx"} '
    assert all(f"{line}{REQUESTS}.0" in scrape(strict_server) for _ in range(6))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_workers_that_count_for_themselves_are_caught(url: str, tmp_path: Path) -> None:
    with serving(url, module="tests.mutants.limits_per_worker:application") as server:
        guesses = guess_own_password(server)
        enrolments = enrol_with_wrong_codes(server)

    assert guesses[422] > LIMIT, guesses
    assert enrolments[401] > ENROL_PER_MINUTE
    assert max_concurrent_hashes(tmp_path) > 1
