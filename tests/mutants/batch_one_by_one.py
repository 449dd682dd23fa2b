"""The app with a fault in it: a tablet's records are taken one after the other, as they come. Tests must catch it."""

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from app.sync.actions import decrypt, handlers, intake
from wsgi import application


def _lock_nothing(*_: Any) -> None:
    """Nothing is held before the first record."""


handlers.set_handlers([replace(each, take_many=None) for each in handlers._handlers.values()], [])
handlers.lock_targets = _lock_nothing
intake.once = decrypt.once = nullcontext

__all__ = ["application"]
