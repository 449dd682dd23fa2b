"""Runs all tests as two processes at once, one per core: the long ones beside everything else."""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
LONG = ("browser", "consultations", "referrals")
"""The folders of the first process; whatever else there is belongs to the second, so nothing is left out."""


def main(options: list[str]) -> int:
    """The exit status of the worse half; the output of the first is shown as it comes, that of the second after it."""
    with tempfile.TemporaryFile("w+") as kept:
        second = _start(_rest(), options, kept)
        first = _start([HERE / name for name in LONG], options, None).wait()
        worse = max(first, second.wait())
        kept.seek(0)
        sys.stdout.write(kept.read())
    sys.stdout.write(f"Both halves: {'failed' if worse else 'passed'}.\n")
    return worse


def _rest() -> list[Path]:
    names = {one for one in HERE.iterdir() if one.is_dir() and one.name not in LONG}
    folders = [one for one in sorted(names) if any(one.rglob("test_*.py"))]
    return [*folders, *sorted(HERE.glob("test_*.py"))]


def _start(paths: list[Path], options: list[str], output: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", *options, *map(str, paths)]
    return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT if output else None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
