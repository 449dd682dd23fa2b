"""Refuses a change that a page of another site sent, in addition to the token that every change carries."""

from urllib.parse import urlsplit

from flask import request
from flask_wtf.csrf import CSRFError

from app.settings import current_settings

OWN_PAGES = ("same-origin", "none")


def refuse_other_sites() -> None:
    """Raises CSRFError if the browser says that another site sent the request.

    Pages send no referrer, so a browser names no origin either (`null`); it then says `Sec-Fetch-Site`
    (W3C Fetch Metadata). A program says neither, and shows by its token that it may.
    """
    if request.headers.get("Sec-Fetch-Site", "none") not in OWN_PAGES or not _is_own_origin():
        raise CSRFError("Another site sent this.")


def _is_own_origin() -> bool:
    origin = request.headers.get("Origin", "null").lower()
    return origin == "null" or origin.partition("://")[2] in (request.host, public_host())


def public_host() -> str:
    """Host name and port of PUBLIC_URL, as a browser names them."""
    url = urlsplit(str(current_settings().public_url).lower())
    return url.netloc.removesuffix(":443" if url.scheme == "https" else ":80")
