"""A check of Origin and Fetch Metadata against cross-site requests, in addition to the CSRF token."""

from urllib.parse import urlsplit

from flask import request
from flask_wtf.csrf import CSRFError

from app.settings import current_settings

SAME_SITE = ("same-origin", "none")


def refuse_cross_site() -> None:
    """Raise CSRFError if the browser reports that another site sent the request.

    Pages send no referrer, so a browser sends `Origin: null`; it then sends `Sec-Fetch-Site` (W3C Fetch Metadata).
    A program sends neither and is checked by its CSRF token alone.
    """
    if request.headers.get("Sec-Fetch-Site", "none") not in SAME_SITE or not _is_own_origin():
        raise CSRFError("Another site sent this.")


def _is_own_origin() -> bool:
    origin = request.headers.get("Origin", "null").lower()
    return origin == "null" or origin.partition("://")[2] in (request.host, public_host())


def public_host() -> str:
    """Return host name and port of PUBLIC_URL as a browser writes them in Origin."""
    url = urlsplit(str(current_settings().public_url).lower())
    return url.netloc.removesuffix(":443" if url.scheme == "https" else ":80")
