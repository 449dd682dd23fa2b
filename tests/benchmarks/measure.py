"""Measures one address of a running server: its processor time, requests a second, waiting."""

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


def cost_of(
    server: Server, clients: list[Client], path: str, make: Callable[[], Any], times: int
) -> Cost:
    """What `times` requests cost, shared among the clients; RuntimeError at an answer but 201."""
    share = [[make() for _ in range(times // len(clients))] for _ in clients]
    cpu, start = server.cpu_seconds(), time.perf_counter()
    with ThreadPoolExecutor(len(clients)) as pool:
        waits = list(pool.map(lambda client, some: _send(client, some, path), clients, share))
    took, used = time.perf_counter() - start, server.cpu_seconds() - cpu
    every = [wait for some in waits for wait in some]
    cuts = quantiles(every, n=100)
    return Cost(used / len(every) * 1000, len(every) / took, cuts[49], cuts[94], cuts[98])


def _send(client: Client, contents: list[Any], path: str) -> list[float]:
    waits = []
    for content in contents:
        start = time.perf_counter()
        status, said = client.post(path, content)
        if status != 201:
            raise RuntimeError(f"{path} answered {status}: {said}")
        waits.append((time.perf_counter() - start) * 1000)
    return waits


def middle(costs: list[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*(median(getattr(cost, name) for cost in costs) for name in Cost.__annotations__))
