"""What takes long begins first: each name in the list of what does is a file or a folder."""

from pathlib import Path

from tests.conftest import LONG, WHOLE

ROOT = Path(__file__).resolve().parents[1]


def test_every_beginning_is_the_path_of_a_test():
    files = [str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")]
    assert [start for start in (*LONG, WHOLE) if not any(f.startswith(start) for f in files)] == []
