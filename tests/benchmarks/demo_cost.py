"""Measures the cost of building the demo: rows per second, and memory that does not grow with the rows."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import create_engine, text

from tests.benchmarks.server import ROOT
from tests.benchmarks.table import BenchmarkLine

FEW, GROWTH_TARGET = 20_000, 1.3
EMPTY = (
    "import os; from flask_migrate import upgrade; from wsgi import application\n"
    "with application.app_context(): upgrade()"
)
MEASURING = (
    "import resource, sys; from flask.cli import main; sys.argv[0] = 'flask'\n"
    "try: main()\n"
    "finally: print('USED', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
)


@dataclass(frozen=True)
class DemoCost:
    """The duration of building a demo in seconds, and its peak memory in MB."""

    seconds: float
    memory: float


def lines_for_demo(name: str, url: str, consultations: int) -> Iterator[BenchmarkLine]:
    """Yield the lines of one empty database; the larger demo remains in it."""
    few, many = _measure(url, FEW), _measure(url, consultations)
    with create_engine(url).connect() as connection:
        lines = connection.execute(text("SELECT count(*) FROM person_line")).scalar_one()
    rate = f"{(consultations + lines) / many.seconds:,.0f} rows/s"
    sides = f"{consultations:,} consultations, {lines:,} person lines, {many.seconds:.0f} s"
    yield BenchmarkLine(f"{name}: demo", rate, "-", True, sides)
    growth = many.memory / few.memory
    sides = f"{many.memory:.0f} MB / {few.memory:.0f} MB with {FEW:,}"
    is_reached = growth <= GROWTH_TARGET
    yield BenchmarkLine(
        f"{name}: demo, memory", f"{growth:.2f}×", f"≤ {GROWTH_TARGET}×", is_reached, sides
    )


def _measure(url: str, consultations: int) -> DemoCost:
    _empty(url)
    start = time.perf_counter()
    done = _run(url, MEASURING, "--app", "wsgi", "demo", "--consultations", str(consultations))
    seconds = time.perf_counter() - start
    return DemoCost(seconds, int(done.stderr.rpartition("USED")[2]) / 1024)


def _empty(url: str) -> None:
    with create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        if os.path.exists(path):
            os.unlink(path)
    _run(url, EMPTY)


def _run(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", *arguments]
    environment = {**os.environ, "DATABASE_URL": url}
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
