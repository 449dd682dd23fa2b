"""`bench`: measures on scratch databases and prints one table."""

import sys
import tempfile
from pathlib import Path

import click

from app.upkeep.bench.scratch import prepare
from app.upkeep.bench.table import Line, lines_for


@click.command("bench")
@click.option("--postgresql", "address", help="An empty PostgreSQL database to measure on too.")
@click.option("--rounds", type=click.IntRange(1, 100), default=5)
@click.option("--times", type=click.IntRange(16, 100_000), default=400, help="Requests a round.")
def bench(address: str | None, rounds: int, times: int) -> None:
    """Measures what recording costs beside a bare route; exit 1 where a target is missed."""
    lines = list[Line]()
    with tempfile.TemporaryDirectory(prefix="ventanilla-bench-") as folder:
        databases = {"SQLite": f"sqlite:///{Path(folder) / 'bench.sqlite'}"}
        if address:
            databases["PostgreSQL"] = address
        for name, url in databases.items():
            prepare(url)
            lines += lines_for(name, url, rounds, times)
    click.echo(_table(lines))
    if not address:
        click.echo("PostgreSQL was not measured: give an empty database with --postgresql.")
    sys.exit(0 if all(line.reached for line in lines) else 1)


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
