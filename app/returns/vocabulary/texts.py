"""The texts that are read to people at a step, in six languages; a published version never changes."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TEXTS = Path(__file__).parent / "texts"
TEXT_PARTS = ("counselling", "consent", "check")
SPANISH = "es"


@dataclass(frozen=True)
class VersionedText:
    """One version of a text in one language, as paragraphs."""

    version: str
    part: str
    locale: str
    paragraphs: tuple[str, ...]


@cache
def versions() -> tuple[str, ...]:
    """Return all versions, oldest first; a version is named by its year and its number in that year."""
    names = (path.stem for path in TEXTS.glob("*.toml"))
    return tuple(sorted(names, key=lambda name: [int(part) for part in name.split("-")]))


def current() -> str:
    """Return the current version."""
    return versions()[-1]


@cache
def _version(name: str) -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((TEXTS / f"{name}.toml").read_text("utf-8"))


def text(version: str, part: str, locale: str) -> VersionedText:
    """Return a part of a version in a language; in Spanish if that version lacks the language."""
    by_locale = _version(version)[part]
    available = locale if locale in by_locale else SPANISH
    return VersionedText(version, part, available, tuple(by_locale[available]))
