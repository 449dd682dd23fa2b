"""Argon2id hashes of passwords and PINs, made and checked on all cores of the machine but one, left for pages."""

import fcntl
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore
from time import monotonic, sleep

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from werkzeug.exceptions import ServiceUnavailable

from app.settings import current_settings

# 64 MiB and three passes in one lane: one hash keeps one core busy, so that cores can be counted by hashes.
hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)
# Not made at import: that would cost each command and each start a hash. A test holds it to `hasher`.
DUMMY_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=1$tdN0khBJyYW3m4V9hbSLpA$"
    "rGhQHMYeYYoqtzKJipzjshebMs4M7mYRVIADRYg38VA"
)
"""The hash that is checked for an unknown account, of a secret that nobody kept: it costs as much as a real one."""
MAX_SECRET_LENGTH = 1000
SLOTS = max(1, (os.cpu_count() or 1) - 1)
"""Hashes at once on this machine, over all processes; one core is always left to requests without a hash."""
MAX_HASHING_THREADS = 4
"""Threads of one process that may hash or wait for it; the other half of a worker's threads still answers pages."""
MAX_WAIT_SECONDS = 2.0
RETRY_AFTER_SECONDS = 3
_thread_slots = BoundedSemaphore(MAX_HASHING_THREADS)


@contextmanager
def hashing_slot() -> Iterator[None]:
    """Occupy one of the machine's slots for hashing.

    A slot is a lock on one of SLOTS files, which the system releases when a process dies. Count attempts inside of
    it, so that an attempt without a slot is not counted. Raises ServiceUnavailable (503 with Retry-After) if no slot
    is free within two seconds.
    """
    if not _thread_slots.acquire(blocking=False):
        raise ServiceUnavailable(retry_after=RETRY_AFTER_SECONDS)
    try:
        slot_file = _acquire_slot_file()
        try:
            yield
        finally:
            os.close(slot_file)
    finally:
        _thread_slots.release()


def _acquire_slot_file() -> int:
    folder = Path(current_settings().runtime_directory)
    deadline = monotonic() + MAX_WAIT_SECONDS
    while True:
        for number in random.sample(range(SLOTS), SLOTS):
            slot_file = _try_to_lock(folder / f"hashing-{number}.lock")
            if slot_file is not None:
                return slot_file
        if monotonic() > deadline:
            raise ServiceUnavailable(retry_after=RETRY_AFTER_SECONDS)
        sleep(random.uniform(0.005, 0.015))  # noqa: S311 - only keeps waiting threads out of step


def _try_to_lock(path: Path) -> int | None:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password or PIN, made in a slot."""
    with hashing_slot():
        return hasher.hash(password)


def is_correct_secret(stored: str | None, secret: str) -> bool:
    """Return whether a password or PIN matches a stored hash, in the same time if none is stored. Call it in a slot."""
    try:
        hasher.verify(stored or DUMMY_HASH, secret[:MAX_SECRET_LENGTH].encode("utf-8", "replace"))
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)


def rehash(stored: str, password: str) -> str | None:
    """Return a hash to replace one with more lanes than `hasher`; None if it may stay. Call it in a slot."""
    lanes = extract_parameters(stored).parallelism
    return hasher.hash(password) if lanes > hasher.parallelism else None
