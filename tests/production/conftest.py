"""Installations made as the operator's page says, one for each database; the code is unpacked once."""

import getpass
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.production import certificates, operator
from tests.production.operator import Installation


@pytest.fixture(scope="session")
def machine() -> Iterator[Path]:
    """A folder that every user may enter; what it took to unpack the code lies in `seconds`."""
    if os.geteuid() != 0:
        pytest.skip("SKIPPED: the production path needs root, as its operator is")
    folder = Path(tempfile.mkdtemp(prefix="ventanilla-machine-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def code(machine: Path) -> Path:
    """/srv/ventanilla after section 1 of the page."""
    began = time.monotonic()
    made = operator.prepare(machine / "first", machine / "srv", "sqlite", {})
    operator.copy_code(machine / "srv")
    for block in operator.blocks(1, "sqlite"):
        made.run(block)
    (machine / "seconds").write_text(f"{time.monotonic() - began:.1f}")
    return machine / "srv"


@pytest.fixture(scope="session")
def installations(
    request: pytest.FixtureRequest, machine: Path, code: Path
) -> Iterator[Callable[[str], Installation]]:
    """Servers after section 4 of the page, one for each database: installed, serving over https."""
    kinds: dict[str, Installation] = {}

    def install(kind: str) -> Installation:
        if kind not in kinds:
            database = _cluster(request) if kind == "postgresql" else {}
            kinds[kind] = made = operator.prepare(machine / kind, code, kind, database)
            operator.own_home(made)
            certificates.authority(machine)
            for section in (2, 3, 4):
                for block in operator.blocks(section, kind):
                    operator.run_block(made, block)
            made.remember()
        return kinds[kind]

    yield install
    for made in kinds.values():
        made.stop(signal.SIGKILL)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def installation(
    request: pytest.FixtureRequest, installations: Callable[[str], Installation]
) -> Installation:
    """A server after section 4 of the page: without an account, whatever another module did with it."""
    made = installations(request.param)
    made.begin_again()
    return made


def _cluster(request: pytest.FixtureRequest) -> dict[str, str]:
    """What the page's PostgreSQL is here: the tests' own cluster, entered without a password."""
    address = request.getfixturevalue("cluster")
    host_port = address.partition("@")[2].rstrip("/")
    host, _, port = host_port.partition(":")
    ask = f"--host={host} --port={port} --username=test"
    return {
        "runuser --user postgres -- createuser ventanilla": "true",
        "runuser --user postgres -- createdb --owner ventanilla": f"createdb {ask}",
        "runuser --user postgres -- dropdb": f"dropdb --force {ask}",
        "--template template0 ventanilla": "--template template0 ventanilla_production",
        "postgresql+psycopg:///ventanilla?host=/var/run/postgresql": f"{address}ventanilla_production",
    }


@pytest.fixture(scope="session")
def trusting_home(machine: Path) -> Path:
    """The home of somebody whose browser trusts the test authority."""
    authority = certificates.authority(machine)
    return certificates.trusting_home(authority.certificate, machine / f"home-{getpass.getuser()}")
