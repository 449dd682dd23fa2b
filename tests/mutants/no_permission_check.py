"""The app with faults in it: no role's permission is checked, a NUL in an address raises. Tests must catch it."""

from flask import request

from app.web import access
from tests.apps.no_rate_limits import application


def _authorize(permission: str) -> None:
    if permission == "enrolled_device":
        access.current_device()
    if permission != "public" and permission not in access.CSRF_EXEMPT:
        access.principal()


def _raise_on_nul() -> None:
    if "\x00" in request.query_string.decode() or "%00" in request.query_string.decode():
        raise ValueError


access._authorize = _authorize
application.before_request(_raise_on_nul)

__all__ = ["application"]
