"""A PostgreSQL of the tests' own, started from the machine's binaries as an unprivileged user."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

BINARIES = (
    sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if Path("/usr/lib/postgresql").exists()
    else []
)


def binary(name: str) -> str | None:
    """Return the path of a PostgreSQL program; None if the machine has none."""
    return shutil.which(name) or next(
        (str(p / name) for p in reversed(BINARIES) if (p / name).exists()), None
    )


def _as_somebody(command: list[str]) -> list[str]:
    if os.geteuid() != 0:
        return command
    name = next(n for n in ("postgres", "nobody") if n in {p.pw_name for p in pwd.getpwall()})
    return ["runuser", "-u", name, "--", *command]


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass
class Cluster:
    """A PostgreSQL that can be stopped and started again at the same port; `log` is what it writes."""

    home: Path
    port: int
    options: str

    @property
    def address(self) -> str:
        """Return `postgresql+psycopg://…/`, to which the name of a database is added."""
        return f"postgresql+psycopg://test@127.0.0.1:{self.port}/"

    @property
    def log(self) -> Path:
        return self.home / "log"

    def start(self) -> None:
        """Start, and return when it takes connections."""
        self._control("-w", "-l", str(self.log), "-o", self.options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop as an operator does (`fast`), or as if the power were cut (`immediate`)."""
        self._control("-m", mode, "stop", check=False)

    def promote(self) -> None:
        """Make a standby the primary, and return when it takes changes."""
        self._control("-w", "promote")

    def _control(self, *words: str, check: bool = True) -> None:
        command = [str(binary("pg_ctl")), "-D", str(self.home / "data"), *words]
        subprocess.run(_as_somebody(command), **{**QUIET, "check": check})


QUIET: dict[str, Any] = {
    "stdout": subprocess.DEVNULL,
    "stderr": subprocess.DEVNULL,
    "check": True,
    "cwd": "/",
}


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """Yield a running cluster, gone afterwards; `durable` keeps fsync on."""
    initdb = binary("initdb")
    assert initdb and binary("pg_ctl"), "PostgreSQL is not installed: apt-get install postgresql"
    home = Path(tempfile.mkdtemp(prefix="ventanilla-pg-"))
    home.chmod(0o777)
    data, port = home / "data", _free_port()
    subprocess.run(
        _as_somebody([initdb, "-D", str(data), "-U", "test", "-A", "trust", "-E", "UTF8"]), **QUIET
    )
    safe = "" if durable else "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} -c max_connections=200 {safe}"
    started = Cluster(home, port, options)
    started.start()
    try:
        yield started
    finally:
        started.stop("immediate")
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def standby(primary: Cluster) -> Iterator[Cluster]:
    """Yield a copy that follows the primary, which answers a commit only once it is there too."""
    home, port = Path(tempfile.mkdtemp(prefix="ventanilla-pg-standby-")), _free_port()
    home.chmod(0o777)
    copy = ["-h", "127.0.0.1", "-p", str(primary.port), "-U", "test", "-D", str(home / "data")]
    copying = [str(binary("pg_basebackup")), *copy, "--write-recovery-conf", "--checkpoint=fast"]
    subprocess.run(_as_somebody(copying), **QUIET)
    options = primary.options.replace(f"-p {primary.port} ", f"-p {port} ")
    started = Cluster(home, port, options.replace(str(primary.home), str(home)))
    started.start()
    address = primary.address.replace("+psycopg", "") + "postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        connection.execute("SELECT pg_reload_conf()")
    try:
        yield started
    finally:
        started.stop("immediate")
        shutil.rmtree(home, ignore_errors=True)


def log_of(address: str) -> Path:
    """Return the log file of the cluster of a database."""
    with psycopg.connect(address.replace("+psycopg", "")) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    return Path(row[0]).parent / "log"


@contextmanager
def running(*, durable: bool = False) -> Iterator[str]:
    """Yield the address (`postgresql+psycopg://…/`) of a running cluster, gone afterwards; `durable` keeps fsync on."""
    with cluster(durable=durable) as started:
        yield started.address
