"""Two nodes of the app over one PostgreSQL behind the proxy: nothing depends on which of them answers."""

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.benchmarks.server import free_port
from tests.factories.records import PASSWORD, consultation_json
from tests.production.clients import SecureClient, client_of, people_of, settings_of
from tests.production.operator import Installation
from tests.server import ROUNDS

# One SQLite file has one machine: two nodes need PostgreSQL.
pytestmark = pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
KILLS = 3 if ROUNDS == 1 else 20
CLIENTS = 4


class Nodes:
    """The installation's own node and a second one on a port, both behind its proxy."""

    def __init__(self, installation: Installation, port: int) -> None:
        self.installation, self.port = installation, port

    def start_second(self, code: Path | None = None) -> None:
        """Starts the second node, of another version of the code where one is given."""
        other = Installation(self.installation.root, code or self.installation.code, "postgresql")
        other.run(f"systemctl start-node second 127.0.0.1:{self.port}")

    def kill_second(self) -> None:
        pid = int((self.installation.root / "pids/second").read_text())
        os.killpg(pid, signal.SIGKILL)

    def answered(self) -> tuple[int, int]:
        """How many requests each node answered so far."""
        counted = [
            _requests(self.installation.log(name)) for name in ("ventanilla-web.service", "second")
        ]
        return counted[0], counted[1]


def _requests(log: str) -> int:
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    return sum(line["event"] == "request" for line in lines)


@pytest.fixture(scope="module")
def nodes(installation: Installation) -> Iterator[Nodes]:
    people_of(installation)
    made = Nodes(installation, free_port())
    site = installation.site
    first = site.read_text()
    second = f"fail_timeout=0;\n    server 127.0.0.1:{made.port} max_fails=1 fail_timeout=1s;"
    site.write_text(first.replace("fail_timeout=0;", second, 1))
    made.start_second()
    installation.reload_proxy()
    yield made


def test_every_node_knows_the_session_the_account_and_the_desk_of_the_other(nodes: Nodes) -> None:
    before = nodes.answered()
    ana = client_of(nodes.installation).sign_in("ana")
    adela = client_of(nodes.installation).sign_in("adela")
    susana = client_of(nodes.installation).sign_in("susana")
    for _ in range(6):
        assert ana.post("/consultations", consultation_json())[0] == 201
        assert susana.ask("GET", "/counts.json?country=HND")[0] == 200
    figures = [susana.ask("GET", "/counts.json?country=HND")[1]["reached"]["low"] for _ in range(6)]
    assert figures == [6] * 6

    for _ in range(4):
        assert ana.ask("GET", "/sync/me")[1]["account"] == "ana"
    assert adela.post("/accounts/ana/close", {})[0] == 200
    assert [ana.ask("GET", "/sync/me")[0] for _ in range(6)] == [401] * 6
    first, second = (now - then for now, then in zip(nodes.answered(), before, strict=True))
    assert min(first, second) > 8, (first, second)


def test_failed_sign_ins_are_counted_together_by_all_nodes(nodes: Nodes) -> None:
    limit = 5
    guessing = client_of(nodes.installation)
    guessing._fetch_token()
    told = [
        guessing.post("/sign-in", {"username": "rita", "password": f"guess number {n}"})[0]
        for n in range(limit + 3)
    ]
    assert told == [401] * limit + [429] * 3


def test_a_node_killed_under_load_loses_nothing_doubles_nothing_and_shows_no_fault(
    nodes: Nodes,
) -> None:
    enough, sent = Event(), list[str]()
    statuses = list[int]()
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [client_of(nodes.installation).sign_in("eva") for _ in range(CLIENTS)]
        working = [pool.submit(_send_on, one, sent, statuses, enough) for one in clients]
        for number in range(KILLS):
            time.sleep(random.Random(number).uniform(0.2, 0.8))
            nodes.kill_second()
            time.sleep(0.3)
            nodes.start_second()
        enough.set()
        for one in working:
            one.result()
    assert len(sent) > 10 * KILLS
    assert {status for status in statuses if status >= 500} <= {503}
    url = settings_of(nodes.installation)["DATABASE_URL"]
    engine = create_engine(url)
    with engine.connect() as connection:
        where = "desk_id = (SELECT id FROM desk WHERE code = 'HND-02')"
        rows = (
            connection.execute(text(f"SELECT id::text FROM consultation WHERE {where}"))
            .scalars()
            .all()
        )
        people = connection.execute(text(f"SELECT sum(n) FROM person_line WHERE {where}")).scalar()
    engine.dispose()
    assert sorted(rows) == sorted(sent) and people == len(sent)


def _send_on(client: SecureClient, sent: list[str], statuses: list[int], enough: Event) -> None:
    """Records again and again; what was not answered is sent again under its own id, as a page does."""
    while not enough.is_set():
        content = consultation_json("HND-02")
        while not _is_taken(client, content, statuses):
            time.sleep(0.05)
        sent.append(content["id"])
        time.sleep(0.03)  # load enough, and time for the node that starts


def _is_taken(client: SecureClient, content: dict[str, Any], statuses: list[int]) -> bool:
    try:
        status, _ = client.post("/consultations", content)
    except OSError:
        return False
    statuses.append(status)
    return status in (200, 201)


def test_nodes_of_two_versions_are_one_line_of_setup_check(nodes: Nodes, machine: Path) -> None:
    other = machine / "other-version"
    shutil.copytree(
        nodes.installation.code, other, symlinks=True, ignore=shutil.ignore_patterns(".venv")
    )
    (other / ".venv").symlink_to(nodes.installation.code / ".venv")
    with (other / "app/__init__.py").open("a") as file:
        file.write("# a later version\n")
    nodes.kill_second()
    nodes.start_second(other)
    time.sleep(1)
    checked = nodes.installation.flask("setup", "check", check=False)
    lines = [line for line in checked.stdout.splitlines() if line.startswith("✗ nodes")]
    assert checked.returncode == 1 and len(lines) == 1 and "finish the update" in lines[0], (
        checked.stdout
    )
    assert PASSWORD not in checked.stdout
