"""No file grows above the ceiling of its kind: it is split by noun before."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CEILINGS = {"rules": 150, "vocabulary": 150, "models": 150}
OTHERS = 200


def ceiling(path: Path) -> int:
    """Return how many lines a file of the app may have, by its name or its package."""
    kinds = (path.stem, path.parent.name)
    return next((CEILINGS[kind] for kind in kinds if kind in CEILINGS), OTHERS)


def test_no_file_of_the_app_is_above_its_ceiling():
    files = sorted((ROOT / "app").rglob("*.py"))
    assert len(files) > 50
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in files}
    above = {str(p.relative_to(ROOT)): n for p, n in lines.items() if n > ceiling(p)}
    assert above == {}


def test_every_file_opens_with_one_sentence():
    for path in sorted((ROOT / "app").rglob("*.py")):
        first = path.read_text("utf-8").split("\n", 1)[0]
        assert first.startswith('"""') and first.rstrip('"').endswith((".", "?")), path


def test_no_file_is_named_after_nothing():
    nameless = {"utils", "helpers", "common", "manager", "service", "services", "misc"}
    assert [p for p in (ROOT / "app").rglob("*") if p.stem in nameless] == []
