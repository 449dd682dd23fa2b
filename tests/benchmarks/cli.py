"""`python -m tests.benchmarks`: measures on temporary databases and prints one table."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

import click

from tests import postgres
from tests.benchmarks.demo_cost import lines_for_demo
from tests.benchmarks.growth import lines_for_growth
from tests.benchmarks.importing import lines_for_import
from tests.benchmarks.scale import fill_with
from tests.benchmarks.shelters import lines_for_shelters
from tests.benchmarks.table import BenchmarkLine, lines_for_recording
from tests.benchmarks.tablets import lines_for_tablets
from tests.benchmarks.temp_database import prepare, temp_postgresql, temp_sqlite

PARTS = ("recording", "growth", "tablets", "import", "demo", "referrals")


@click.command("bench")
@click.option("--rounds", type=click.IntRange(1, 100), default=5)
@click.option("--times", type=click.IntRange(16, 100_000), default=400, help="Requests a round.")
@click.option(
    "--lines", "person_lines", type=click.IntRange(10_000), default=10_000_000, help="Person lines."
)
@click.option(
    "--demo",
    "demo_consultations",
    type=click.IntRange(1000),
    default=1_000_000,
    help="Consultations.",
)
@click.option("--part", "parts", type=click.Choice(PARTS), multiple=True, default=PARTS)
def bench(parts: tuple[str, ...], **sizes: int) -> None:
    """Measure recording, figures and tablets with many rows, imports and the demo; exit 1 if a target is missed."""
    lines = list[BenchmarkLine]()
    with (
        tempfile.TemporaryDirectory(prefix="ventanilla-bench-") as folder,
        postgres.running(durable=True) as address,
    ):
        databases = {
            "SQLite": partial(temp_sqlite, Path(folder)),
            "PostgreSQL": partial(temp_postgresql, address),
        }
        for name, new_database in databases.items():
            many = cache(partial(_filled, new_database, sizes["person_lines"]))
            for part in parts:
                for line in _measured(part, name, (new_database, many), sizes):
                    click.echo(f"{line.measure}: {line.figure} ({line.sides})", err=True)
                    lines.append(line)
    click.echo(_table(lines))
    sys.exit(0 if all(line.is_reached for line in lines) else 1)


def _filled(new_database: Callable[[str], str], lines: int) -> str:
    """Return the URL of a database with that many person lines, which the parts share."""
    url = new_database("many")
    prepare(url)
    fill_with(url, lines)
    return url


def _measured(
    part: str,
    name: str,
    databases: tuple[Callable[[str], str], Callable[[], str]],
    sizes: dict[str, int],
) -> Iterator[BenchmarkLine]:
    new_database, many = databases
    if part == "tablets":
        return lines_for_tablets(name, many(), sizes["person_lines"], sizes["rounds"])
    url = new_database(part)
    if part == "growth":
        return lines_for_growth(name, url, many(), sizes["rounds"])
    if part == "referrals":
        return lines_for_shelters(name, url, new_database("shelters"), sizes["rounds"])
    if part == "demo":
        return lines_for_demo(name, url, sizes["demo_consultations"])
    prepare(url)
    if part == "import":
        return lines_for_import(name, url)
    return lines_for_recording(name, url, sizes["rounds"], sizes["times"])


def _table(lines: list[BenchmarkLine]) -> str:
    head = ("what", "figure", "target", "reached", "ours / bare route")
    rows = [
        head,
        *((x.measure, x.figure, x.target, "yes" if x.is_reached else "NO", x.sides) for x in lines),
    ]
    widths = [max(len(row[n]) for row in rows) for n in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
