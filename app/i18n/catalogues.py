"""Compiles the message catalogues that the pages read."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from config import UnsafeSettings


def compile_catalogues(directory: Path) -> None:
    """Compiles every catalogue whose source is newer, so that no stale translation is ever shown.

    Raises UnsafeSettings if the code belongs to another user, as in production, and its catalogues are not compiled.
    """
    for source in directory.glob("*/LC_MESSAGES/messages.po"):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            try:
                _compile(source, target)
            except PermissionError:
                raise UnsafeSettings(
                    f"the translations are not compiled: pybabel compile --use-fuzzy --directory {directory}"
                ) from None


def _compile(source: Path, target: Path) -> None:
    with source.open("rb") as file:
        catalogue = read_po(file, locale=source.parts[-3])
    part = target.with_suffix(f".{id(catalogue)}.part")
    with part.open("wb") as file:
        write_mo(file, catalogue)
    part.replace(target)
