"""The app with a fault in it: nobody holds a return request between reading and changing it. Tests must catch it."""

import time
from typing import Any

from app.returns.queries import requests
from wsgi import application


def _read_without_holding(session: Any, scope: Any, reference: str) -> Any:
    found = requests.find_request(session, scope, reference)
    time.sleep(0.05)
    return found


requests.lock_request = _read_without_holding

__all__ = ["application"]
