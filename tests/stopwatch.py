"""A clock for promises in seconds: it stands still while something on this machine waits for a processor.

Alone on a machine it goes as any other; beside other tests a promise is not broken by what they take.
"""

import time
from pathlib import Path

PRESSURE = Path("/proc/pressure/cpu")


def now() -> float:
    """Return seconds since some moment, without those in which a process had to wait."""
    return time.monotonic() - _hindered()


def _hindered() -> float:
    try:
        line = PRESSURE.read_text("ascii").splitlines()[0]
    except OSError:  # a kernel that does not tell
        return 0
    return int(line.rpartition("total=")[2]) / 1_000_000
