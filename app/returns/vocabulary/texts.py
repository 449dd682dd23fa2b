"""The texts that are read to people at a step: versions in six languages, none of which ever changes."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TEXTS = Path(__file__).parent / "texts"
PARTS = ("counselling", "consent", "check")
SPANISH = "es"


@dataclass(frozen=True)
class ReadText:
    """One version of a text in one language, as paragraphs."""

    version: str
    part: str
    locale: str
    paragraphs: tuple[str, ...]


@cache
def versions() -> tuple[str, ...]:
    """Every version there has been, the first first; named by year and a number in it."""
    names = (path.stem for path in TEXTS.glob("*.toml"))
    return tuple(sorted(names, key=lambda name: [int(part) for part in name.split("-")]))


def current() -> str:
    """The version that is read today."""
    return versions()[-1]


@cache
def _version(name: str) -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((TEXTS / f"{name}.toml").read_text("utf-8"))


def text(version: str, part: str, locale: str) -> ReadText:
    """A part of a version in a language; in Spanish where that version has no such language."""
    written = _version(version)[part]
    known = locale if locale in written else SPANISH
    return ReadText(version, part, known, tuple(written[known]))
