"""Names and prose of the app and its tests are the field's standard terms; the app uses no class name twice."""

from pathlib import Path

import pytest

from tests.contracts.names import ROOT, findings, repeated_classes

APP = [ROOT / "app", ROOT / "config.py", ROOT / "wsgi.py"]
TESTS = [ROOT / "tests"]
DIALECT = '''"""Told by whoever asks; None where there is none."""


def bring(said: str, one: int) -> None:
    """Brings a letter."""
'''


def test_names_and_prose_of_the_app_are_standard_terms() -> None:
    assert [str(finding) for finding in findings(APP)] == []


def test_names_and_prose_of_the_tests_are_standard_terms() -> None:
    assert [str(finding) for finding in findings(TESTS)] == []


def test_no_class_name_of_the_app_is_defined_twice() -> None:
    assert repeated_classes(APP) == {}


def test_dialect_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.contracts.names.ROOT", tmp_path)
    file = tmp_path / "dialect.py"
    file.write_text(DIALECT + "class Twice: ...\nclass Twice: ...\n", "utf-8")
    reported = [str(finding).split(": ")[1] for finding in findings([file])]
    assert reported == [
        "name said", "name one", "prose “Told”", "prose “whoever”", "prose “None where”",
        "prose “Brings”", "prose “letter”",
    ]  # fmt: skip
    assert repeated_classes([file]) == {"Twice": 2}
