"""Compares the cost of figures and recording with ten million and ten thousand person lines, in one run."""

import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app import clock
from app.month import Month
from tests.benchmarks.measure import Cost, measure_cost, median_cost
from tests.benchmarks.scale import READER, distinct_by_rows, fill_with
from tests.benchmarks.server import ROOT, Client, Server, serving
from tests.benchmarks.table import BenchmarkLine
from tests.benchmarks.temp_database import MODULE, PASSWORD, USERNAME, a_family, prepare

FEW = 10_000
PAGE_TARGET, BARE_TARGET, INSERT_TARGET, COUNTING_TARGET = 1.5, 5.0, 1.3, 1.5
REQUESTS = 12
WITHOUT_AGGREGATES = "tests.benchmarks.without_aggregates:without_aggregates()"


@dataclass(frozen=True)
class Side:
    """A server on a temporary database with few or many lines, its reader and its clerk."""

    server: Server
    reader: Client
    clerk: Client


def lines_for_growth(name: str, few: str, many: str, rounds: int) -> Iterator[BenchmarkLine]:
    """Yield the lines of an empty database and of one with many person lines."""
    prepare(few)
    fill_with(few, FEW)
    yield _rebuilt(name, few)
    yield _rebuilt(name, many)
    with serving(few, 1, MODULE) as small, serving(many, 1, MODULE) as large:
        sides = _sign_in(small), _sign_in(large)
        yield from _pages(name, many, sides, rounds)
        yield from _inserts(name, sides, rounds)
    yield from _counting(name, few, rounds)


def _rebuilt(name: str, url: str) -> BenchmarkLine:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "counts", "rebuild"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        check=True,
        capture_output=True,
        text=True,
    )
    rate = re.search(r"(\d+) lines of people added up, (\d+) a second; (\d+) sums", done.stdout)
    lines, speed, cells = rate.groups() if rate else ("0", "0", "0")
    sides = f"{int(lines):,} lines make {int(cells):,} cells"
    return BenchmarkLine(f"{name}: counts rebuild", f"{int(speed):,} rows/s", "-", True, sides)


def _sign_in(server: Server) -> Side:
    reader = Client(server.port).sign_in(READER, PASSWORD)
    return Side(server, reader, Client(server.port).sign_in(USERNAME, PASSWORD))


def _pages(name: str, url: str, sides: tuple[Side, Side], rounds: int) -> Iterator[BenchmarkLine]:
    last = Month.containing(clock.now().date()).plus(-1)
    year = Month(last.year - 1, 12)
    for period, month in (("a month", Month(last.year - 1, 3)), ("a year to date", year)):
        path = f"/counts?month={month}"
        few, many, bare = _in_turn(sides, path, rounds)
        cost, start = many / few, time.perf_counter()
        with Session(create_engine(url)) as session:
            distinct_by_rows(session, Month(month.year, 1) if month is year else month, month)
        rows = (time.perf_counter() - start) * 1000
        shown = f"{many:.1f} ms / {few:.1f} ms with {FEW:,}; COUNT(DISTINCT) of one figure {rows:,.0f} ms"
        is_reached = cost <= PAGE_TARGET
        yield BenchmarkLine(
            f"{name}: figures of {period}", f"{cost:.2f}×", f"≤ {PAGE_TARGET}×", is_reached, shown
        )
        is_reached, shown = many / bare <= BARE_TARGET, f"{many:.1f} ms / {bare:.1f} ms bare page"
        figure = f"{many / bare:.1f}×"
        yield BenchmarkLine(
            f"{name}: figures of {period}, page", figure, f"≤ {BARE_TARGET:g}×", is_reached, shown
        )


def _in_turn(sides: tuple[Side, Side], path: str, rounds: int) -> tuple[float, float, float]:
    few, many, bare = list[float](), list[float](), list[float]()
    for side in sides:
        time_page(side.reader, path)
    for _ in range(rounds * REQUESTS):
        few.append(time_page(sides[0].reader, path))
        many.append(time_page(sides[1].reader, path))
        bare.append(time_page(sides[1].reader, "/account"))
    return median(few), median(many), median(bare)


def time_page(client: Client, path: str) -> float:
    """Return the milliseconds that a page took; raise RuntimeError unless its status is 200."""
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=600)
    start = time.perf_counter()
    connection.request("GET", path, headers={"Accept": "text/html", "Cookie": cookies})
    answer = connection.getresponse()
    answer.read()
    took = (time.perf_counter() - start) * 1000
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    return took


def _inserts(name: str, both: tuple[Side, Side], rounds: int) -> Iterator[BenchmarkLine]:
    few, many = _costs([_poster(side) for side in both], rounds)
    for resource, ratio, shown in (
        ("server CPU", many.cpu_ms / few.cpu_ms, f"{many.cpu_ms:.2f} ms / {few.cpu_ms:.2f} ms"),
        ("waiting p50", many.p50 / few.p50, f"{many.p50:.1f} ms / {few.p50:.1f} ms"),
    ):
        target = f"≤ {INSERT_TARGET}×"
        is_reached = ratio <= INSERT_TARGET
        sides = f"{shown} with {FEW:,}"
        yield BenchmarkLine(
            f"{name}: recording among many, {resource}", f"{ratio:.2f}×", target, is_reached, sides
        )


def _counting(name: str, url: str, rounds: int) -> Iterator[BenchmarkLine]:
    with serving(url, 1, MODULE) as counted, serving(url, 1, WITHOUT_AGGREGATES) as uncounted:
        ours, without = _costs(
            [_poster(_sign_in(server)) for server in (counted, uncounted)], rounds
        )
    ratio = ours.cpu_ms / without.cpu_ms
    sides = f"{ours.cpu_ms:.2f} ms / {without.cpu_ms:.2f} ms without"
    is_reached = ratio <= COUNTING_TARGET
    yield BenchmarkLine(
        f"{name}: counting, CPU", f"{ratio:.2f}×", f"≤ {COUNTING_TARGET}×", is_reached, sides
    )


def _poster(side: Side) -> Callable[[int], Cost]:
    return lambda times: measure_cost(side.server, [side.clerk], "/consultations", a_family, times)


def _costs(posters: list[Callable[[int], Cost]], rounds: int, times: int = 200) -> list[Cost]:
    """Return the median cost of each, measured in turn."""
    for post in posters:
        post(20)
    costs = [[post(times) for post in posters] for _ in range(rounds)]
    return [median_cost(list(column)) for column in zip(*costs, strict=True)]
