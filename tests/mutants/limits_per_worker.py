"""The app with a fault in it: each worker counts for itself and hashes without a limit. Tests must catch it."""

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
    _failed[keys.source] += 1
    return "locked_out" if _failed[keys.source] > LIMIT else ""


limiter._limiter = FixedWindowRateLimiter(MemoryStorage())
attempts._count_attempt = _count_here
hashing.hashing_slot = nullcontext

__all__ = ["application"]
