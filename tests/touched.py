"""Lists the tests for `make quick`: quick contracts, and those of the packages that differ from the main branch."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

MAIN = "main"
ALWAYS = ("tests/contracts/test_catalogues.py",)
SLOW = ("browser", "production", "fuzz")
"""Folders that take longer than a minute: their test files run only if changed themselves."""


def list_changed() -> list[str]:
    """Return files that differ from the merge base with the main branch, committed or not."""
    base = _git("merge-base", "HEAD", MAIN) or ["HEAD"]
    return [
        *_git("diff", "--name-only", base[0]),
        *_git("ls-files", "--others", "--exclude-standard"),
    ]


def _git(*arguments: str) -> list[str]:
    result = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return result.stdout.splitlines()


def tests_of(changed: Iterable[str]) -> list[str]:
    """Return the tests of changed files: of `app/<package>/…` or `templates/<package>/…` those in `tests/<package>`."""
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
