"""Makes and checks argon2id hashes, on at most so many cores of the machine as leave one for pages."""

import fcntl
import os
import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore
from time import monotonic, sleep

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from werkzeug.exceptions import ServiceUnavailable

from app.settings import current_settings

hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)
"""64 MiB and three passes in one lane: one hash keeps one core busy, so that cores can be counted by hashes."""
NOBODY = hasher.hash(secrets.token_urlsafe(32))
"""The hash that is checked where no account is: as dear as a real one."""
LONGEST_SECRET = 1000
SLOTS = max(1, (os.cpu_count() or 1) - 1)
"""Hashes at once on this machine, over all processes: one core is always left to those who ask for no hash."""
SEATS = 4
"""Threads of one process that may hash or wait for it: the other half of a worker's threads goes on answering pages."""
LONGEST_WAIT = 2.0
RETRY_AFTER = 3
_seats = BoundedSemaphore(SEATS)


@contextmanager
def slot() -> Iterator[None]:
    """One of the machine's places to hash in; 503 with Retry-After if none is free within two seconds.

    The place is a lock on one of SLOTS files, which the system releases when a process dies. Whoever counts tries
    counts inside, so that a try that had no place is not counted.
    """
    if not _seats.acquire(blocking=False):
        raise ServiceUnavailable(retry_after=RETRY_AFTER)
    try:
        held = _lock_one()
        try:
            yield
        finally:
            os.close(held)
    finally:
        _seats.release()


def _lock_one() -> int:
    folder = Path(current_settings().runtime_directory)
    until = monotonic() + LONGEST_WAIT
    while True:
        for number in random.sample(range(SLOTS), SLOTS):
            held = _try_to_lock(folder / f"hashing-{number}.lock")
            if held is not None:
                return held
        if monotonic() > until:
            raise ServiceUnavailable(retry_after=RETRY_AFTER)
        sleep(random.uniform(0.005, 0.015))  # noqa: S311 - only so that waiting threads do not ask in step


def _try_to_lock(path: Path) -> int | None:
    opened = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(opened)
        return None
    return opened


def hash_password(password: str) -> str:
    """The argon2id hash of a password or PIN, made in a slot."""
    with slot():
        return hasher.hash(password)


def is_secret(stored: str | None, said: str) -> bool:
    """Whether a password or PIN is the one of a stored hash; as long where there is none. Call it in a slot."""
    try:
        hasher.verify(stored or NOBODY, said[:LONGEST_SECRET].encode("utf-8", "replace"))
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)


def renew(stored: str, password: str) -> str | None:
    """The hash to keep in place of one with more lanes than `hasher`; None if it may stay. Call it in a slot."""
    lanes = extract_parameters(stored).parallelism
    return hasher.hash(password) if lanes > hasher.parallelism else None
