"""QR codes as SVG paths, which the content security policy allows in a page."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import segno

QUIET_ZONE = 4
"""Width of the quiet zone around a code, in modules."""


@dataclass(frozen=True)
class QrCode:
    """A QR code as the path of a square SVG with sides of `side` modules, quiet zone included."""

    side: int
    path: str


def draw_qr_code(text: str, version: int | None = None) -> QrCode:
    """Return the QR code of a text, readable by a bad camera; `version` fixes its size."""
    code = segno.make_qr(text, version=version, error="m", boost_error=False)
    rows = list(code.matrix_iter(border=QUIET_ZONE))
    return QrCode(len(rows), "".join(_runs(y, row) for y, row in enumerate(rows)))


def _runs(y: int, row: Iterable[int]) -> str:
    path, x = "", 0
    for is_dark, run in groupby(row, key=bool):
        width = len(list(run))
        path += f"M{x} {y}h{width}v1h-{width}z" if is_dark else ""
        x += width
    return path
