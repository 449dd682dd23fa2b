"""A process that has imported the app and gunicorn, and forks a server whenever a test starts one.

Importing takes twelve times as long as making the app; nothing of an app, its settings or its database is there
before the fork. Run as a program, this is that process: one JSON line in for each server, one line with its id out.
"""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
READ_AT_IMPORT = "PROMETHEUS_MULTIPROC_DIR"
"""The setting that a library reads when it is imported: with it, a server needs a process of its own."""


@dataclass
class ForkedProcess:
    """A server that was forked; its parent is the process that forked it, which leaves none behind as a zombie."""

    pid: int
    _handle: int

    def poll(self) -> int | None:
        """Return None while the process runs, else 0; how it ended only its parent knows."""
        return 0 if select.select([self._handle], [], [], 0)[0] else None

    def wait(self) -> int:
        """Return once the process has ended."""
        select.select([self._handle], [], [])
        return 0


def launch(options: list[str], environment: dict[str, str]) -> ForkedProcess:
    """Fork a gunicorn with these options and this environment, the leader of a group of its own."""
    parent = _preloaded()
    assert parent.stdin is not None and parent.stdout is not None
    parent.stdin.write(json.dumps([options, environment]) + "\n")
    parent.stdin.flush()
    pid = int(parent.stdout.readline())
    return ForkedProcess(pid, os.pidfd_open(pid))


@cache
def _preloaded() -> subprocess.Popen[str]:
    """Start the process that forks; it ends with this one, when its input ends."""
    parent = subprocess.Popen(
        [sys.executable, "-m", "tests.preloaded"],
        cwd=ROOT,
        env={name: text for name, text in os.environ.items() if name != READ_AT_IMPORT},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    atexit.register(parent.communicate)  # closes its input
    return parent


def main() -> None:
    """Fork a server for each line of input."""
    import gc

    import gunicorn.app.wsgiapp
    import gunicorn.workers.gthread
    import gunicorn.workers.sync  # noqa: F401 - loaded before the fork

    import app.registry  # noqa: F401 - loaded before the fork

    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        options, environment = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become_gunicorn(options, environment)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _become_gunicorn(options: list[str], environment: dict[str, str]) -> None:
    from gunicorn.app.wsgiapp import run

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["gunicorn", *options]
    try:
        run()
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
