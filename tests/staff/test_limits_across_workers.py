"""Limits hold whichever worker answers, and password hashing is bounded for the whole machine."""

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

GUESSES, REQUESTS, AT_ONCE = 45, 45, 12
LIMIT, ENROL_PER_MINUTE = 5, 20


@pytest.fixture
def url(app: Flask, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with one account, for servers of two workers with eight threads each."""
    make_account("ana", "desk_staff", (make_desk(),))
    (tmp_path / "metrics").mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "metrics"))
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--worker-class gthread --threads 8")
    return database_url


@pytest.fixture
def strict(url: str) -> Iterator[Server]:
    with serving(url, module="tests.apps.strict_limits:application") as server:
        yield server


def guess_own_password(server: Server) -> Counter[int]:
    """Statuses of guesses of the password inside a session."""
    client = Client(server.port).sign_in("ana")
    phrase = "another-long-phrase"
    said = {"current": "not-the-right-phrase", "password": phrase, "repeated": phrase}
    body = urlencode({**said, "csrf_token": client.token})
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

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(guess, range(GUESSES)))


def enrol_with_wrong_codes(server: Server) -> Counter[int]:
    """Statuses of tries to enrol a tablet."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        tried = pool.map(
            lambda _: Client(server.port).post("/sync/enrol", {"code": "WRONG"})[0], range(REQUESTS)
        )
        return Counter(tried)


def most_hashes_at_once(folder: Path) -> int:
    """How many checks of a password ran at the same moment, over all workers."""
    lines = [line.split() for line in (folder / "hashes").read_text("ascii").splitlines()]
    running = most = 0
    for _, step in sorted((int(at), int(step)) for at, step in lines):
        running += step
        most = max(most, running)
    return most


def scrape(server: Server) -> set[str]:
    """The lines of `/metrics`, from whichever worker answers."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/metrics")
    told = connection.getresponse().read().decode()
    connection.close()
    return set(told.splitlines())


def test_two_workers_share_every_limit_one_place_to_hash_in_and_what_they_counted(
    strict: Server, tmp_path: Path
) -> None:
    guessed = guess_own_password(strict)
    enrolled = enrol_with_wrong_codes(strict)

    assert 0 < guessed[422] <= LIMIT, guessed
    assert guessed[422] + guessed[429] + guessed[503] == GUESSES
    assert enrolled == {401: ENROL_PER_MINUTE, 429: REQUESTS - ENROL_PER_MINUTE}
    assert most_hashes_at_once(tmp_path) == 1
    line = 'ventanilla_requests_total{method="POST",route="/sync/enrol",status="4xx"} '
    assert all(f"{line}{REQUESTS}.0" in scrape(strict) for _ in range(6))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_workers_that_count_for_themselves_are_caught(url: str, tmp_path: Path) -> None:
    with serving(url, module="tests.mutants.limits_per_worker:application") as server:
        guessed = guess_own_password(server)
        enrolled = enrol_with_wrong_codes(server)

    assert guessed[422] > LIMIT, guessed
    assert enrolled[401] > ENROL_PER_MINUTE
    assert most_hashes_at_once(tmp_path) > 1
