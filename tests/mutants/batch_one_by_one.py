"""The app with a fault in it: a tablet's records are stored one by one, in the order they come. Tests must catch it."""

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from app.sync.actions import batch, handlers, intake
from wsgi import application


def _lock_nothing(*_: Any) -> None:
    """Lock nothing before the first record."""


handlers.set_handlers([replace(each, handle_many=None) for each in handlers._handlers.values()], [])
handlers.lock_targets = _lock_nothing
intake.defer_aggregates = batch.defer_aggregates = nullcontext

__all__ = ["application"]
