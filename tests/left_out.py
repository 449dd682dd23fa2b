"""What `make test` leaves to `make soak`, and which tests were slow: the end of a run says both by name."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

SLOW_SECONDS = 5
MOST_SLOW = 20


def is_left_out(item: pytest.Item) -> bool:
    """Whether a test is a long round, or runs on PostgreSQL again what does not differ there.

    A test runs on both databases if it is marked `both_databases`, and on PostgreSQL alone if it says so itself.
    """
    return item.get_closest_marker("soak") is not None or _is_again(item)


def _is_again(item: pytest.Item) -> bool:
    chosen = getattr(item, "callspec", None)
    if chosen is None or chosen.params.get("database_url") != "postgresql":
        return False
    names = [mark.args[0] for mark in item.iter_markers("parametrize")]
    return "database_url" not in names and item.get_closest_marker("both_databases") is None


def list_left_out(items: Iterable[pytest.Item]) -> list[str]:
    """Long rounds by name, the rest by file."""
    files = Counter(item.nodeid.partition("::")[0] for item in items if _is_again(item))
    again = [f"{path} on PostgreSQL ({n} tests)" for path, n in sorted(files.items())]
    return [*(item.nodeid for item in items if not _is_again(item)), *again]


def list_slow(stats: Mapping[str, list[Any]]) -> list[str]:
    """The slowest tests, with what it took to prepare and to clear away."""
    took: dict[str, float] = defaultdict(float)
    for report in (one for reports in stats.values() for one in reports):
        if isinstance(report, pytest.TestReport):
            took[report.nodeid] += report.duration
    slowest = sorted(((s, name) for name, s in took.items() if s >= SLOW_SECONDS), reverse=True)
    return [f"{seconds:.0f} s {name}" for seconds, name in slowest[:MOST_SLOW]]
