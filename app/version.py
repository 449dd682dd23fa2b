"""The version of the product and a fingerprint of its code."""

import tomllib
from functools import cache
from hashlib import sha256

from config import ROOT


@cache
def app_version() -> str:
    """Return the version of this code, such as `0.1.0`."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


@cache
def release() -> str:
    """Return the version and a fingerprint of all Python and HTML, such as `0.1.0+3f9a12cd`."""
    digest = sha256()
    for folder, pattern in (("app", "*.py"), ("migrations", "*.py"), ("templates", "*.html")):
        for path in sorted((ROOT / folder).rglob(pattern)):
            digest.update(path.read_bytes())
    return f"{app_version()}+{digest.hexdigest()[:8]}"
