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
from tests.benchmarks.shelters import lines_for_housing
from tests.benchmarks.table import Line, lines_for
from tests.benchmarks.tablets import lines_for_tablets
from tests.benchmarks.temp_database import prepare, scratch_postgresql, scratch_sqlite

PARTS = ("recording", "growth", "tablets", "import", "demo", "referrals")


@click.command("bench")
@click.option("--rounds", type=click.IntRange(1, 100), default=5)
@click.option("--times", type=click.IntRange(16, 100_000), default=400, help="Requests a round.")
@click.option(
    "--lines", "many", type=click.IntRange(10_000), default=10_000_000, help="Person lines."
)
@click.option("--demo", "told", type=click.IntRange(1000), default=1_000_000, help="Consultations.")
@click.option("--part", "parts", type=click.Choice(PARTS), multiple=True, default=PARTS)
def bench(parts: tuple[str, ...], **how: int) -> None:
    """Measures recording, figures and tablets among many rows, sheets and the demo; exit 1 where a target is missed."""
    lines = list[Line]()
    with (
        tempfile.TemporaryDirectory(prefix="ventanilla-bench-") as folder,
        postgres.running(durable=True) as address,
    ):
        databases = {
            "SQLite": partial(scratch_sqlite, Path(folder)),
            "PostgreSQL": partial(scratch_postgresql, address),
        }
        for name, scratch in databases.items():
            many = cache(partial(_filled, scratch, how["many"]))
            for part in parts:
                for line in _measured(part, name, (scratch, many), how):
                    click.echo(f"{line.what}: {line.figure} ({line.sides})", err=True)
                    lines.append(line)
    click.echo(_table(lines))
    sys.exit(0 if all(line.reached for line in lines) else 1)


def _filled(scratch: Callable[[str], str], lines: int) -> str:
    """A database with that many person lines, which all parts that want many share."""
    url = scratch("many")
    prepare(url)
    fill_with(url, lines)
    return url


def _measured(
    part: str,
    name: str,
    made: tuple[Callable[[str], str], Callable[[], str]],
    how: dict[str, int],
) -> Iterator[Line]:
    scratch, many = made
    if part == "tablets":
        return lines_for_tablets(name, many(), how["many"], how["rounds"])
    url = scratch(part)
    if part == "growth":
        return lines_for_growth(name, url, many(), how["rounds"])
    if part == "referrals":
        return lines_for_housing(name, url, scratch("housing"), how["rounds"])
    if part == "demo":
        return lines_for_demo(name, url, how["told"])
    prepare(url)
    if part == "import":
        return lines_for_import(name, url)
    return lines_for(name, url, how["rounds"], how["times"])


def _table(lines: list[Line]) -> str:
    head = ("what", "figure", "target", "reached", "ours / bare route")
    rows = [
        head,
        *((x.what, x.figure, x.target, "yes" if x.reached else "NO", x.sides) for x in lines),
    ]
    widths = [max(len(row[n]) for row in rows) for n in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
