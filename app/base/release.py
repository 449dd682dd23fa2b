"""Which version of the code this is."""

from functools import cache
from hashlib import sha256

from app.base.version import app_version
from config import ROOT


@cache
def release() -> str:
    """The version and eight characters that change with every line of the code, such as `0.1.0+3f9a12cd`."""
    digest = sha256()
    for path in sorted((ROOT / "app").rglob("*.py")):
        digest.update(path.read_bytes())
    return f"{app_version()}+{digest.hexdigest()[:8]}"
