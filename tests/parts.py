"""Runs all tests as three processes at once: both cores are busy while a browser or a killed server is waited for."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

HERE = Path(__file__).parent
LONG = (("browser",), ("consultations", "referrals", "sync"))
"""The folders of the first processes; whatever else there is belongs to the last, so nothing is left out."""


def main(options: list[str]) -> int:
    """The exit status of the worst part; the output of the first is shown as it comes, that of the others after it."""
    parts = [[HERE / name for name in names] for names in LONG] + [_rest()]
    outputs: list[IO[str] | None] = [None, *(_kept() for _ in parts[1:])]
    started = [_start(paths, options, kept) for paths, kept in zip(parts, outputs, strict=True)]
    worst = max(process.wait() for process in started)
    for kept in filter(None, outputs):
        kept.seek(0)
        sys.stdout.write(kept.read())
        kept.close()
    sys.stdout.write(f"All parts: {'failed' if worst else 'passed'}.\n")
    return worst


def _kept() -> IO[str]:
    return tempfile.TemporaryFile("w+")


def _rest() -> list[Path]:
    named = {name for names in LONG for name in names}
    names = {one for one in HERE.iterdir() if one.is_dir() and one.name not in named}
    folders = [one for one in sorted(names) if any(one.rglob("test_*.py"))]
    return [*folders, *sorted(HERE.glob("test_*.py"))]


def _start(
    paths: list[Path], options: list[str], output: IO[str] | None
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", *options, *map(str, paths)]
    return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT if output else None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
