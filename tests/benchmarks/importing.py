"""What bringing a sheet costs: rows per second, memory that does not grow with the rows, and 2,000 faults."""

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
from tests.benchmarks.table import Line
from tests.benchmarks.temp_database import COUNTRY, DESK

ROWS, FEW, FAULTS = 50_001, 5001, 2000
SPEED_TARGET, FAULTS_TARGET, GROWTH_TARGET = 1000, 10.0, 1.5
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


def lines_for_import(name: str, url: str) -> Iterator[Line]:
    """The lines of one scratch database that `scratch.prepare` has filled."""
    _flask(url, "staff", "invite", SUPERVISOR, "--role", "supervisor", "--country", COUNTRY)
    with tempfile.TemporaryDirectory(prefix="ventanilla-sheet-") as folder:
        few, many, wrong = (Path(folder) / f"{kind}.xlsx" for kind in ("few", "many", "wrong"))
        write_sheet(few, FEW, 0)
        write_sheet(many, ROWS, 0)
        write_sheet(wrong, FAULTS, FAULTS)
        small = _run(url, few)
        first, second = _run(url, many), _run(url, many)
        faults = _run(url, wrong)
    speed = ROWS / first.seconds
    sides = f"{first.seconds:.1f} s, {first.processor:.1f} s CPU; again {second.seconds:.1f} s"
    good = speed >= SPEED_TARGET and first.status == second.status == 0
    yield Line(f"{name}: import", f"{speed:,.0f} rows/s", f"≥ {SPEED_TARGET:,}", good, sides)
    growth = first.memory / small.memory
    sides = f"{first.memory:.0f} MB with {ROWS:,} rows / {small.memory:.0f} MB with {FEW:,}"
    good = growth <= GROWTH_TARGET
    yield Line(f"{name}: import, memory", f"{growth:.2f}×", f"≤ {GROWTH_TARGET}×", good, sides)
    sides = f"{faults.told:,} told by row and column; {faults.processor:.1f} s CPU"
    good = faults.seconds <= FAULTS_TARGET and faults.told == FAULTS and faults.status == 1
    figure, target = f"{faults.seconds:.1f} s", f"≤ {FAULTS_TARGET:.0f} s"
    yield Line(f"{name}: import of {FAULTS:,} faults", figure, target, good, sides)


def write_sheet(path: Path, rows: int, faults: int) -> None:
    """A sheet of families of three rows, consultation after consultation; the first rows have a fault each."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for row in range(rows):
            sheet.write_row(row + 1, 0, _row(row, row < faults))


def _row(row: int, wrong: bool) -> tuple[str | int, ...]:
    record, day = row // 3 + 1, row // 90 % 28 + 1
    return (
        record, DESK, f"{day:02d}/02/2026", "In person at the desk", "Informativa", "", "spa", "Honduras",
        "En tránsito", "Primera vez este año", ("F", "Female")[not wrong], ("0-4", "5-11", "60+")[row % 3],
        1 + row % 2, "Shelter; Health", "Shelter", "Information given", "Disability",
    )  # fmt: skip


class _Run:
    """How one run of the command went."""

    def __init__(self, status: int, seconds: float, said: str) -> None:
        self.status, self.seconds = status, seconds
        found = re.search(r"^USED (\d+) ([\d.]+)$", said, re.M)
        self.memory = int(found[1]) / 1024 if found else 0.0
        self.processor = float(found[2]) if found else 0.0
        self.told = len(re.findall(r"^\D+\d+, .+: ", said, re.M))


def _run(url: str, path: Path) -> _Run:
    began = time.perf_counter()
    done = _flask(url, "consultations", "import", str(path))
    return _Run(done.returncode, time.perf_counter() - began, done.stderr)


def _flask(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", MEASURING, "--app", "wsgi", *words]
    wanted = {**os.environ, "DATABASE_URL": url}
    return subprocess.run(
        command, cwd=ROOT, env=wanted, capture_output=True, text=True, check=False
    )
