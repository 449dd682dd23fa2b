"""Draws QR codes as the path of an SVG, which a strict page may hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import segno

QUIET = 4
"""The quiet zone around a code, in its own units."""


@dataclass(frozen=True)
class Drawing:
    """A QR code as the path of an SVG of `side` units, with its quiet zone."""

    side: int
    path: str


def draw(text: str, version: int | None = None) -> Drawing:
    """The QR code of a text, coarse enough for a bad camera; `version` where its size must not change."""
    code = segno.make_qr(text, version=version, error="m", boost_error=False)
    rows = list(code.matrix_iter(border=QUIET))
    return Drawing(len(rows), "".join(_runs(y, row) for y, row in enumerate(rows)))


def _runs(y: int, row: Iterable[int]) -> str:
    path, x = "", 0
    for dark, run in groupby(row, key=bool):
        wide = len(list(run))
        path += f"M{x} {y}h{wide}v1h-{wide}z" if dark else ""
        x += wide
    return path
