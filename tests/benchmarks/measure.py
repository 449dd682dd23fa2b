"""Measures requests to one URL of a running server: CPU time, requests a second, waiting."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

from tests.benchmarks.server import Client, Server


@dataclass(frozen=True)
class Cost:
    """Server CPU per request in ms, requests a second, and waiting in ms (p50, p95, p99)."""

    cpu_ms: float
    per_second: float
    p50: float
    p95: float
    p99: float


def measure_cost(
    server: Server, clients: list[Client], path: str, make: Callable[[], Any], times: int
) -> Cost:
    """Return the cost of `times` requests, shared among the clients; raise RuntimeError unless each status is 201."""
    share = [[make() for _ in range(times // len(clients))] for _ in clients]
    cpu, start = server.cpu_seconds(), time.perf_counter()
    with ThreadPoolExecutor(len(clients)) as pool:
        waits = list(
            pool.map(lambda client, contents: _post_all(client, contents, path), clients, share)
        )
    took, used = time.perf_counter() - start, server.cpu_seconds() - cpu
    all_waits = [wait for client_waits in waits for wait in client_waits]
    cuts = quantiles(all_waits, n=100)
    return Cost(used / len(all_waits) * 1000, len(all_waits) / took, cuts[49], cuts[94], cuts[98])


def _post_all(client: Client, contents: list[Any], path: str) -> list[float]:
    waits = []
    for content in contents:
        start = time.perf_counter()
        status, body = client.post(path, content)
        if status != 201:
            raise RuntimeError(f"{path} answered {status}: {body}")
        waits.append((time.perf_counter() - start) * 1000)
    return waits


def median_cost(costs: list[Cost]) -> Cost:
    """Return the median of each figure."""
    return Cost(*(median(getattr(cost, name) for cost in costs) for name in Cost.__annotations__))
