"""The app with a fault in it: people are counted in a second transaction. Tests must catch it."""

import time
from typing import Any

from app.consultations.actions import recording
from app.db import session
from wsgi import application

_write_lines = recording.write_lines


def _write_lines_afterwards(*arguments: Any) -> None:
    session.commit()
    time.sleep(0.02)
    _write_lines(*arguments)


recording.write_lines = _write_lines_afterwards

__all__ = ["application"]
