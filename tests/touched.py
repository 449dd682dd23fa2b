"""Names the tests for `make quick`: quick contracts, and those of the packages that differ from the main branch."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

MAIN = "main"
ALWAYS = ("tests/contracts/test_catalogues.py",)
SLOW = ("browser", "production", "fuzz")
"""Folders that no minute is enough for: a test file of theirs runs only if it is itself changed."""


def list_changed() -> list[str]:
    """Files that differ from where this branch left the main one, committed or not."""
    base = _git("merge-base", "HEAD", MAIN) or ["HEAD"]
    return [
        *_git("diff", "--name-only", base[0]),
        *_git("ls-files", "--others", "--exclude-standard"),
    ]


def _git(*words: str) -> list[str]:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


def tests_of(changed: Iterable[str]) -> list[str]:
    """`app/<package>/…` and `templates/<package>/…` stand for `tests/<package>`, a test file for itself."""
    return sorted({test for path in changed for test in _tests_of(path) if Path(test).exists()})


def _tests_of(path: str) -> Iterator[str]:
    top, _, rest = path.partition("/")
    package = rest.partition("/")[0]
    if path.startswith("tests/") and Path(path).name.startswith("test_"):
        yield path
    elif top in ("app", "templates", "tests") and "/" in rest and package not in SLOW:
        yield f"tests/{package}"
    elif top == "migrations":
        yield "tests/contracts/test_migrations.py"
    elif path == "config.py":
        yield from ("tests/test_card_keys.py", "tests/test_outbox_keys.py")


if __name__ == "__main__":
    sys.stdout.write(" ".join([*ALWAYS, *tests_of(list_changed())]))
