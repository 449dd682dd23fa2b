"""Compilation of the message catalogues."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from config import UnsafeSettings


def compile_catalogues(directory: Path) -> None:
    """Compile every catalogue whose source is newer, so that no stale translation is ever shown.

    Raises UnsafeSettings if that needs write access to code of another user, as in production.
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
    partial = target.with_suffix(f".{id(catalogue)}.part")
    with partial.open("wb") as file:
        write_mo(file, catalogue)
    partial.replace(target)
