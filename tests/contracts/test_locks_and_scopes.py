"""A name says if a function locks rows for its caller, and if it reads personal rows without a scope."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.names import ROOT

PERSONAL = ("consultations", "referrals", "returns", "people", "shelters", "sync", "cases")
"""Packages whose queries return rows of people's consultations, referrals, requests or cards."""
LOCKS = ("with_for_update", "FOR UPDATE", "pg_advisory_xact_lock")
RELEASES = (
    "unit_of_work",
    "write_transaction",
    "independent_transaction",
    "skip_locked",
    "SKIP LOCKED",
)
"""A function with a transaction of its own, or one that never waits, keeps no lock for its caller."""
SCOPES = {"scope", "principal"}
DEVICE_IDS = {"device_id", "device_ids", "arriving"}
"""Ids of an authenticated tablet, and of the records in its own batch."""


def _functions(paths: list[Path]) -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield f"{path.name}:{node.lineno} {node.name}", node


def _locking(paths: list[Path]) -> list[str]:
    return [
        place
        for place, function in _functions(paths)
        if any(word in ast.unparse(function) for word in LOCKS)
        and not any(word in ast.unparse(function) for word in RELEASES)
        and not function.name.lstrip("_").startswith("lock_")
    ]


def _unscoped(paths: list[Path]) -> list[str]:
    return [
        place
        for place, function in _functions(paths)
        if not function.name.startswith("_")
        and not function.name.endswith("_unscoped")
        and _takes_an_id_without_a_scope(function)
    ]


def _takes_an_id_without_a_scope(function: ast.FunctionDef) -> bool:
    arguments = function.args.args + function.args.kwonlyargs
    ids = {a.arg for a in arguments if a.annotation and "UUID" in ast.unparse(a.annotation)}
    return bool(ids - DEVICE_IDS) and not SCOPES & {argument.arg for argument in arguments}


def _queries() -> list[Path]:
    packages = [ROOT / "app" / name for name in PERSONAL]
    return [path for package in packages for path in sorted(package.glob("queries*/**/*.py"))] + [
        path for package in packages for path in package.glob("queries.py")
    ]


def test_a_function_that_locks_rows_for_its_caller_is_called_lock() -> None:
    app = sorted((ROOT / "app").rglob("*.py"))
    assert _locking(app) == []


def test_a_query_by_id_takes_the_scope_or_is_called_unscoped() -> None:
    assert len(_queries()) > 10
    assert _unscoped(_queries()) == []


@pytest.mark.parametrize(
    ("source", "check"),
    [
        ("def announce(s):\n    s.execute(q.with_for_update())\n", _locking),
        ("def find_row(session: Session, referral_id: UUID): ...\n", _unscoped),
    ],
)
def test_a_name_that_hides_it_is_found(tmp_path: Path, source: str, check: object) -> None:
    file = tmp_path / "queries.py"
    file.write_text(source, "utf-8")
    assert callable(check) and len(check([file])) == 1
