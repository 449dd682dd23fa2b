"""The app with a fault in it: each worker counts for itself and hashes without end. Tests must catch it."""

from collections import Counter
from contextlib import nullcontext
from typing import Any

from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from app.staff.actions import attempts, hashing
from app.web.access import limiter
from tests.apps.strict_limits import LIMIT, application

_failed: Counter[str] = Counter()


def _count_here(session: Any, keys: Any) -> str:
    _failed[keys.place] += 1
    return "locked_out" if _failed[keys.place] > LIMIT else ""


limiter._limiter = FixedWindowRateLimiter(MemoryStorage())
attempts._count = _count_here
hashing.slot = nullcontext

__all__ = ["application"]
