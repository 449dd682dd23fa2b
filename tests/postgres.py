"""A PostgreSQL of the tests' own, started from the machine's binaries as an unprivileged user."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

BINARIES = (
    sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if Path("/usr/lib/postgresql").exists()
    else []
)


def binary(name: str) -> str | None:
    """The path of a PostgreSQL program, None where the machine has none."""
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


@contextmanager
def running(*, durable: bool = False) -> Iterator[str]:
    """The address (`postgresql+psycopg://…/`) of a running cluster, gone afterwards; `durable` keeps fsync on."""
    initdb, pg_ctl = binary("initdb"), binary("pg_ctl")
    assert initdb and pg_ctl, "PostgreSQL is not installed: apt-get install postgresql"
    home = Path(tempfile.mkdtemp(prefix="ventanilla-pg-"))
    home.chmod(0o777)
    data, port = home / "data", _free_port()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True, "cwd": "/"}
    subprocess.run(
        _as_somebody([initdb, "-D", str(data), "-U", "test", "-A", "trust", "-E", "UTF8"]), **quiet
    )
    safe = "" if durable else "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} -c max_connections=200 {safe}"
    start = [pg_ctl, "-D", str(data), "-w", "-l", str(home / "log"), "-o", options, "start"]
    subprocess.run(_as_somebody(start), **quiet)
    try:
        yield f"postgresql+psycopg://test@127.0.0.1:{port}/"
    finally:
        subprocess.run(
            _as_somebody([pg_ctl, "-D", str(data), "-m", "immediate", "stop"]),
            **{**quiet, "check": False},
        )
        shutil.rmtree(home, ignore_errors=True)


def log_of(address: str) -> Path:
    """The file in which the cluster of a database tells what went wrong."""
    with psycopg.connect(address.replace("+psycopg", "")) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    return Path(row[0]).parent / "log"
