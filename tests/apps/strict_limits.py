"""The app with the lock-out of production and one hashing slot, whatever the machine: for tests of limits."""

import os
import time
from dataclasses import replace
from typing import Any

from argon2 import PasswordHasher

from app.staff.actions import hashing
from wsgi import application

LIMIT = 5
hashing.SLOTS = 1
application.config["SETTINGS"] = replace(
    application.config["SETTINGS"],
    sign_in_limit=LIMIT,
    runtime_directory=os.environ["RUNTIME_DIRECTORY"],
)
HASHES = os.path.join(os.environ["RUNTIME_DIRECTORY"], "hashes")


class _LoggingHasher(PasswordHasher):
    """Log when each check begins and ends, on the one clock of the machine."""

    def verify(self, *arguments: Any) -> bool:
        _log_step("+1")
        try:
            time.sleep(0.2)  # long enough to overlap if nothing keeps them apart, on any machine
            return super().verify(*arguments)
        finally:
            _log_step("-1")


def _log_step(step: str) -> None:
    with open(HASHES, "a", encoding="ascii") as file:
        file.write(f"{time.monotonic_ns()} {step}\n")


hashing.hasher = _LoggingHasher(time_cost=3, memory_cost=65536, parallelism=1)

__all__ = ["application"]
