"""The benchmark: three routes in turn on one server; figures, targets and both sides of ratios."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks.measure import Cost, cost_of, middle
from tests.benchmarks.page_visit import bytes_of
from tests.benchmarks.server import Client, Server, serving
from tests.benchmarks.temp_database import MODULE, PASSWORD, USERNAME, a_family

PATHS = {"ours": "/consultations", "bare": "/bench/bare", "raw": "/bench/raw"}
CPU_TARGET, THROUGHPUT_TARGET, MEMORY_TARGET, VISIT_TARGET = 1.8, 0.6, 200, 60


@dataclass(frozen=True)
class Line:
    """What was measured, the figure, its target, whether it is reached, both sides."""

    what: str
    figure: str
    target: str
    reached: bool
    sides: str


def lines_for(name: str, url: str, rounds: int, times: int) -> Iterator[Line]:
    """The lines of one scratch database that `scratch.prepare` has filled."""
    with serving(url, 2, MODULE) as server:
        for count in (1, 8):
            clients = [Client(server.port).sign_in(USERNAME, PASSWORD) for _ in range(count)]
            costs = _in_turn(server, clients, rounds, times)
            yield from _compared(f"{name}, {count} client{'s' if count > 1 else ''}", costs)
        memory = server.memory_mb()
        figure = f"{memory:.0f} MB"
        visit = bytes_of(clients[0], "/consultations/new") / 1024
        good = visit <= VISIT_TARGET
        yield Line(f"{name}: first visit", f"{visit:.1f} KB", f"≤ {VISIT_TARGET} KB", good, "-")
        yield Line(f"{name}: memory", figure, f"≤ {MEMORY_TARGET} MB", memory <= MEMORY_TARGET, "-")


def _in_turn(server: Server, clients: list[Client], rounds: int, times: int) -> dict[str, Cost]:
    for path in PATHS.values():
        cost_of(server, clients, path, a_family, 4 * len(clients))
    found: dict[str, list[Cost]] = {name: [] for name in PATHS}
    for _ in range(rounds):
        for name, path in PATHS.items():
            found[name].append(cost_of(server, clients, path, a_family, times))
    return {name: middle(costs) for name, costs in found.items()}


def _compared(where: str, costs: dict[str, Cost]) -> Iterator[Line]:
    ours, bare, raw = costs["ours"], costs["bare"], costs["raw"]
    cpu, speed = ours.cpu_ms / bare.cpu_ms, ours.per_second / bare.per_second
    sides = f"{ours.cpu_ms:.2f} ms / {bare.cpu_ms:.2f} ms; raw INSERT {raw.cpu_ms:.2f} ms"
    yield Line(f"{where}: server CPU", f"{cpu:.2f}×", f"≤ {CPU_TARGET}×", cpu <= CPU_TARGET, sides)
    sides = f"{ours.per_second:.0f}/s / {bare.per_second:.0f}/s; raw INSERT {raw.per_second:.0f}/s"
    good = speed >= THROUGHPUT_TARGET
    yield Line(f"{where}: throughput", f"{speed:.2f}×", f"≥ {THROUGHPUT_TARGET}×", good, sides)
    waits = f"{ours.p50:.1f} / {ours.p95:.1f} / {ours.p99:.1f} ms"
    sides = f"bare {bare.p50:.1f} / {bare.p95:.1f} / {bare.p99:.1f} ms"
    yield Line(f"{where}: waiting p50 / p95 / p99", waits, "-", True, sides)
