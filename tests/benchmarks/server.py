"""A real server on one database, and clients that speak to it over the network."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Process(Protocol):
    """What a server needs to know of its first process, which leads a group of its own."""

    pid: int

    def poll(self) -> int | None:
        """Return None while the process runs."""

    def wait(self) -> int:
        """Return once the process has ended."""


@dataclass
class Server:
    """A gunicorn on one database, which can be killed and started again at the same port."""

    database_url: str
    workers: int = 2
    module: str = "wsgi:application"
    port: int = field(default_factory=free_port)
    process: Process | None = None

    def start(self) -> None:
        """Start, and wait until a request succeeds."""
        address = f"127.0.0.1:{self.port}"
        options = ["--preload", "--workers", str(self.workers), "--bind", address]
        self.process = self._launch(
            [*options, "--log-level", "critical", self.module],
            {**os.environ, "DATABASE_URL": self.database_url, "SIGN_IN_LIMIT": "10000"},
        )
        until = time.monotonic() + 60
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the server does not start")
            time.sleep(0.02)

    def _launch(self, options: list[str], environment: dict[str, str]) -> Process:
        return subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _answers(self) -> bool:
        try:
            return Client(self.port).ask("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def kill(self) -> None:
        """Kill every process of the server at once, with no chance to finish anything."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _workers(self) -> list[Path]:
        parent = self.process.pid if self.process else 0
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text()
        return [Path("/proc") / text for text in children.split()]

    def cpu_seconds(self) -> float:
        """Return the CPU time in seconds that the workers have used so far."""
        used = [
            (worker / "stat").read_text().rpartition(")")[2].split() for worker in self._workers()
        ]
        return sum(int(fields[11]) + int(fields[12]) for fields in used) / TICKS

    def memory_mb(self) -> float:
        """Return the memory in MB of the server and its workers; pages that they share count once."""
        processes = [*self._workers(), Path("/proc") / str(self.process.pid if self.process else 0)]
        rollups = [(process / "smaps_rollup").read_text() for process in processes]
        shares = [re.search(r"^Pss:\s+(\d+)", text, re.M) for text in rollups]
        return sum(int(share[1]) for share in shares if share) / 1024


@contextmanager
def serving(
    database_url: str, workers: int = 2, module: str = "wsgi:application"
) -> Iterator[Server]:
    """Run a server, and kill it afterwards."""
    server = Server(database_url, workers, module)
    with running(server):
        yield server


@contextmanager
def running(server: Server) -> Iterator[None]:
    """Start a server, and kill it afterwards."""
    server.start()
    try:
        yield
    finally:
        server.kill()


@dataclass
class Client:
    """An HTTP client with a session of its own."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def sign_in(self, username: str, password: str) -> "Client":
        """Sign in and store the CSRF token that every change must carry."""
        self._fetch_token()
        status, _ = self.post("/sign-in", {"username": username, "password": password})
        if status != 200:
            raise RuntimeError(f"sign-in answered {status}")
        self._fetch_token()
        return self

    def _fetch_token(self) -> None:
        self.token = self.ask("GET", "/sync/token")[1]["csrf_token"]

    def connection(self) -> http.client.HTTPConnection:
        """Return a new connection to the server."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def post(self, path: str, content: dict[str, Any]) -> tuple[int, Any]:
        """Post JSON; return status and JSON."""
        return self.ask("POST", path, json.dumps(content))

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, Any]:
        """Return status and JSON of a request; raise OSError if the server does not respond."""
        headers = {
            "Accept": "application/json",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        if body is not None:
            headers |= {"Content-Type": "application/json", "X-CSRFToken": self.token}
        connection = self.connection()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            payload = answer.read()
        except http.client.HTTPException as broken:
            raise ConnectionError from broken
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, json.loads(payload) if payload else None
