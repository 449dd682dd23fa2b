"""The app with a fault in it: a return request is not locked between reading and changing it. Tests must catch it."""

import time
from typing import Any

from app.returns.queries import requests
from wsgi import application


def _read_without_lock(session: Any, scope: Any, reference: str) -> Any:
    request = requests.find_request(session, scope, reference)
    time.sleep(0.05)
    return request


requests.lock_request = _read_without_lock

__all__ = ["application"]
