"""Compares three routes on one server: figures, targets and both sides of the ratios."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks.measure import Cost, measure_cost, median_cost
from tests.benchmarks.page_visit import bytes_of
from tests.benchmarks.server import Client, Server, serving
from tests.benchmarks.temp_database import MODULE, PASSWORD, USERNAME, a_family

PATHS = {"ours": "/consultations", "bare": "/bench/bare", "raw": "/bench/raw"}
CPU_TARGET, THROUGHPUT_TARGET, MEMORY_TARGET, VISIT_TARGET = 1.8, 0.6, 200, 60


@dataclass(frozen=True)
class BenchmarkLine:
    """One line of the table: measure, figure, target, whether it is reached, both sides of a ratio."""

    measure: str
    figure: str
    target: str
    is_reached: bool
    sides: str


def lines_for_recording(name: str, url: str, rounds: int, times: int) -> Iterator[BenchmarkLine]:
    """Yield the lines of one temporary database that `temp_database.prepare` has filled."""
    with serving(url, 2, MODULE) as server:
        for count in (1, 8):
            clients = [Client(server.port).sign_in(USERNAME, PASSWORD) for _ in range(count)]
            costs = _in_turn(server, clients, rounds, times)
            yield from _compared(f"{name}, {count} client{'s' if count > 1 else ''}", costs)
        memory = server.memory_mb()
        figure = f"{memory:.0f} MB"
        visit = bytes_of(clients[0], "/consultations/new") / 1024
        is_reached = visit <= VISIT_TARGET
        yield BenchmarkLine(
            f"{name}: first visit", f"{visit:.1f} KB", f"≤ {VISIT_TARGET} KB", is_reached, "-"
        )
        yield BenchmarkLine(
            f"{name}: memory", figure, f"≤ {MEMORY_TARGET} MB", memory <= MEMORY_TARGET, "-"
        )


def _in_turn(server: Server, clients: list[Client], rounds: int, times: int) -> dict[str, Cost]:
    for path in PATHS.values():
        measure_cost(server, clients, path, a_family, 4 * len(clients))
    costs: dict[str, list[Cost]] = {name: [] for name in PATHS}
    for _ in range(rounds):
        for name, path in PATHS.items():
            costs[name].append(measure_cost(server, clients, path, a_family, times))
    return {name: median_cost(of_route) for name, of_route in costs.items()}


def _compared(prefix: str, costs: dict[str, Cost]) -> Iterator[BenchmarkLine]:
    ours, bare, raw = costs["ours"], costs["bare"], costs["raw"]
    cpu, speed = ours.cpu_ms / bare.cpu_ms, ours.per_second / bare.per_second
    sides = f"{ours.cpu_ms:.2f} ms / {bare.cpu_ms:.2f} ms; raw INSERT {raw.cpu_ms:.2f} ms"
    yield BenchmarkLine(
        f"{prefix}: server CPU", f"{cpu:.2f}×", f"≤ {CPU_TARGET}×", cpu <= CPU_TARGET, sides
    )
    sides = f"{ours.per_second:.0f}/s / {bare.per_second:.0f}/s; raw INSERT {raw.per_second:.0f}/s"
    is_reached = speed >= THROUGHPUT_TARGET
    yield BenchmarkLine(
        f"{prefix}: throughput", f"{speed:.2f}×", f"≥ {THROUGHPUT_TARGET}×", is_reached, sides
    )
    waits = f"{ours.p50:.1f} / {ours.p95:.1f} / {ours.p99:.1f} ms"
    sides = f"bare {bare.p50:.1f} / {bare.p95:.1f} / {bare.p99:.1f} ms"
    yield BenchmarkLine(f"{prefix}: waiting p50 / p95 / p99", waits, "-", True, sides)
