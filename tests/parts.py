"""Runs all tests as several processes, three at once, so that no core is idle while a browser is waited for."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
AT_ONCE = 3
PARTS = (
    ("browser",),
    ("contracts", "staff"),
    ("consultations", "sync"),
    ("upkeep", "base"),
    (),
    ("referrals", "returns", "people"),
    ("counts", "production"),
)
"""The folders of each process, the longest first; whatever none names belongs to the empty one."""


def main(options: list[str]) -> int:
    """The exit status of the worst part; the output of the first is shown as it comes, that of the others after it."""
    parts = [[HERE / name for name in names] or _rest() for names in PARTS]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started = [pool.submit(_run, paths, options, paths != parts[0]) for paths in parts]
        ended = [one.result() for one in started]
    sys.stdout.writelines(one.stdout for one in ended if one.stdout)
    worst = max(abs(one.returncode) for one in ended)
    sys.stdout.write(f"All parts: {'failed' if worst else 'passed'}.\n")
    return worst


def _rest() -> list[Path]:
    named = {name for names in PARTS for name in names}
    names = {one for one in HERE.iterdir() if one.is_dir() and one.name not in named}
    folders = [one for one in sorted(names) if any(one.rglob("test_*.py"))]
    return [*folders, *sorted(HERE.glob("test_*.py"))]


def _run(paths: list[Path], options: list[str], is_kept: bool) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", *options, *map(str, paths)]
    output = subprocess.PIPE if is_kept else None
    errors = subprocess.STDOUT if is_kept else None
    return subprocess.run(command, stdout=output, stderr=errors, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
