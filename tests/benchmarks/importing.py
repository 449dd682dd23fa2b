"""Measures the cost of an import: rows per second, memory that does not grow with the rows, and 2,000 errors."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import xlsxwriter

from tests.benchmarks.server import ROOT
from tests.benchmarks.table import BenchmarkLine
from tests.benchmarks.temp_database import COUNTRY, DESK

ROWS, FEW, ERRORS = 50_001, 5001, 2000
SPEED_TARGET, ERRORS_TARGET, GROWTH_TARGET = 1000, 10.0, 1.5
HEADER = (
    "record", "desk", "held_on", "channel", "modality", "travel_group", "language", "nationality",
    "situation", "repeat_contact", "sex", "age_band", "n", "topics", "main_topic", "outcomes", "flags",
)  # fmt: skip
SUPERVISOR = "importer"
MEASURING = (
    "import resource, sys; from flask.cli import main; sys.argv[0] = 'flask'\n"
    "try: main()\n"
    "finally:\n"
    "    used = resource.getrusage(resource.RUSAGE_SELF)\n"
    "    print('USED', used.ru_maxrss, used.ru_utime + used.ru_stime, file=sys.stderr)"
)


def lines_for_import(name: str, url: str) -> Iterator[BenchmarkLine]:
    """Yield the lines of one temporary database that `temp_database.prepare` has filled."""
    _flask(url, "staff", "invite", SUPERVISOR, "--role", "supervisor", "--country", COUNTRY)
    with tempfile.TemporaryDirectory(prefix="ventanilla-sheet-") as folder:
        few, many, wrong = (Path(folder) / f"{kind}.xlsx" for kind in ("few", "many", "wrong"))
        write_spreadsheet(few, FEW, 0)
        write_spreadsheet(many, ROWS, 0)
        write_spreadsheet(wrong, ERRORS, ERRORS)
        small = _run(url, few)
        first, second = _run(url, many), _run(url, many)
        errors = _run(url, wrong)
    speed = ROWS / first.seconds
    sides = f"{first.seconds:.1f} s, {first.processor:.1f} s CPU; again {second.seconds:.1f} s"
    is_reached = speed >= SPEED_TARGET and first.status == second.status == 0
    yield BenchmarkLine(
        f"{name}: import", f"{speed:,.0f} rows/s", f"≥ {SPEED_TARGET:,}", is_reached, sides
    )
    growth = first.memory / small.memory
    sides = f"{first.memory:.0f} MB with {ROWS:,} rows / {small.memory:.0f} MB with {FEW:,}"
    is_reached = growth <= GROWTH_TARGET
    yield BenchmarkLine(
        f"{name}: import, memory", f"{growth:.2f}×", f"≤ {GROWTH_TARGET}×", is_reached, sides
    )
    sides = f"{errors.reported:,} reported by row and column; {errors.processor:.1f} s CPU"
    is_reached = (
        errors.seconds <= ERRORS_TARGET and errors.reported == ERRORS and errors.status == 1
    )
    figure, target = f"{errors.seconds:.1f} s", f"≤ {ERRORS_TARGET:.0f} s"
    yield BenchmarkLine(f"{name}: import of {ERRORS:,} faults", figure, target, is_reached, sides)


def write_spreadsheet(path: Path, rows: int, errors: int) -> None:
    """Write a spreadsheet of families of three rows, consultation after consultation; the first rows are wrong."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for row in range(rows):
            sheet.write_row(row + 1, 0, _row(row, row < errors))


def _row(row: int, wrong: bool) -> tuple[str | int, ...]:
    record, day = row // 3 + 1, row // 90 % 28 + 1
    return (
        record, DESK, f"{day:02d}/02/2026", "In person at the desk", "Informativa", "", "spa", "Honduras",
        "En tránsito", "Primera vez este año", ("F", "Female")[not wrong], ("0-4", "5-11", "60+")[row % 3],
        1 + row % 2, "Shelter; Health", "Shelter", "Information given", "Disability",
    )  # fmt: skip


class _ImportRun:
    """The status, duration, memory and reported errors of one run of the command."""

    def __init__(self, status: int, seconds: float, stderr: str) -> None:
        self.status, self.seconds = status, seconds
        usage = re.search(r"^USED (\d+) ([\d.]+)$", stderr, re.M)
        self.memory = int(usage[1]) / 1024 if usage else 0.0
        self.processor = float(usage[2]) if usage else 0.0
        self.reported = len(re.findall(r"^\D+\d+, .+: ", stderr, re.M))


def _run(url: str, path: Path) -> _ImportRun:
    start = time.perf_counter()
    done = _flask(url, "consultations", "import", str(path))
    return _ImportRun(done.returncode, time.perf_counter() - start, done.stderr)


def _flask(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", MEASURING, "--app", "wsgi", *arguments]
    environment = {**os.environ, "DATABASE_URL": url}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
