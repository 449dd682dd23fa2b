"""The version of the product, as `pyproject.toml` states it."""

import tomllib
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


@cache
def app_version() -> str:
    """The version of this code, such as `0.1.0`."""
    return str(tomllib.loads(PROJECT.read_text("utf-8"))["project"]["version"])
