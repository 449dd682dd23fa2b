"""The app with faults in it: no role is asked whether it may, a NUL in an address is a bug. Tests must catch it."""

from flask import request

from app.web import access
from tests.apps.no_rate_limits import application


def _authorize(permission: str) -> None:
    if permission == "enrolled_device":
        access.current_device()
    if permission != "public" and permission not in access.CSRF_EXEMPT:
        access.principal()


def _stumble() -> None:
    if "\x00" in request.query_string.decode() or "%00" in request.query_string.decode():
        raise ValueError


access._authorize = _authorize
application.before_request(_stumble)

__all__ = ["application"]
