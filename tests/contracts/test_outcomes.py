"""No view asks for the type of an outcome: it hands the outcome over to be answered (`app/web/outcomes.py`)."""

import ast
from pathlib import Path

from tests.contracts.names import ROOT


def _type_checks(paths: list[Path]) -> list[str]:
    return [
        f"{path.name}:{node.lineno}"
        for path in paths
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance"
    ]


def test_views_hold_no_isinstance(tmp_path: Path) -> None:
    app = ROOT / "app"
    views = [*app.glob("*/views.py"), *app.glob("*/views/*.py")]
    assert len(views) > 30
    assert _type_checks(views) == []
    (tmp_path / "views.py").write_text("if isinstance(result, list): ...\n", "utf-8")
    assert _type_checks([tmp_path / "views.py"]) == ["views.py:1"]
