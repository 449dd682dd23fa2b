"""Tests that `make test` leaves to `make soak`, and slow tests: the end of a run names both."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

SLOW_SECONDS = 5
MAX_SLOW_LISTED = 20


def is_left_out(item: pytest.Item) -> bool:
    """Return whether a test is a long round, or repeats on PostgreSQL what does not differ there.

    A test runs on both databases if it is marked `both_databases`, and on PostgreSQL alone if it is parametrized so.
    """
    return item.get_closest_marker("soak") is not None or _is_repeated(item)


def _is_repeated(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    if callspec is None or callspec.params.get("database_url") != "postgresql":
        return False
    names = [mark.args[0] for mark in item.iter_markers("parametrize")]
    return "database_url" not in names and item.get_closest_marker("both_databases") is None


def list_left_out(items: Iterable[pytest.Item]) -> list[str]:
    """Return long rounds by name, the rest by file."""
    files = Counter(item.nodeid.partition("::")[0] for item in items if _is_repeated(item))
    repeated = [f"{path} on PostgreSQL ({n} tests)" for path, n in sorted(files.items())]
    return [*(item.nodeid for item in items if not _is_repeated(item)), *repeated]


def list_slow(stats: Mapping[str, list[Any]]) -> list[str]:
    """Return the slowest tests with their seconds, setup and teardown included."""
    seconds_by_test: dict[str, float] = defaultdict(float)
    for report in (each for reports in stats.values() for each in reports):
        if isinstance(report, pytest.TestReport):
            seconds_by_test[report.nodeid] += report.duration
    slowest = sorted(
        ((s, name) for name, s in seconds_by_test.items() if s >= SLOW_SECONDS), reverse=True
    )
    return [f"{seconds:.0f} s {name}" for seconds, name in slowest[:MAX_SLOW_LISTED]]
