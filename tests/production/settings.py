"""Settings that production starts with; the key files are for their owner alone."""

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


@cache
def key_files() -> Path:
    """Return a folder with `card_keys.json` and `outbox_keys.json`, readable by this user alone, gone at exit."""
    folder = Path(tempfile.mkdtemp(prefix="ventanilla-keys-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in ("card_keys.json", "outbox_keys.json"):
        (folder / name).write_bytes((TESTS / name).read_bytes())
        (folder / name).chmod(0o600)
    assert json.loads((folder / "card_keys.json").read_text())
    return folder


def production_environment(**other: str | None) -> dict[str, str]:
    """Return the environment of a production that starts; `other` replaces settings, None leaves one out."""
    safe = {
        "ENVIRONMENT": "production",
        "CARD_KEYS": str(key_files() / "card_keys.json"),
        "OUTBOX_KEYS": str(key_files() / "outbox_keys.json"),
        "SECRET_KEY": "a-secret-of-the-test-that-is-long-enough",
        "AUDIT_KEY": "another-secret-of-the-test-long-enough",
        "PUBLIC_URL": "https://desks.example.org",
        "PROXY_HOPS": "1",
    }
    return {name: text for name, text in {**safe, **other}.items() if text is not None}
