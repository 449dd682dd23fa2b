"""What the app believes of the proxy before it: a request's address, scheme and host name."""

import logging
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

from flask import Flask, current_app, request
from werkzeug.http import parse_list_header
from werkzeug.middleware.proxy_fix import ProxyFix

log = logging.getLogger("ventanilla")
DIRECT = frozenset({"/healthz", "/readyz", "/metrics"})
"""What a monitor on the same machine may ask without going through the proxy."""


class Misrouted(Exception):
    """A request came past the proxy, or the proxy does not say from whom: nobody's address can be believed."""


class ProxyHeaders:
    """WSGI middleware: takes address and scheme from the last `hops` proxies, and host names in lower case."""

    def __init__(self, app: Any, hops: int) -> None:
        self.app: Any = ProxyFix(app, x_for=hops, x_proto=hops) if hops else app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if "HTTP_HOST" in environ:
            environ["HTTP_HOST"] = environ["HTTP_HOST"].lower()
        return self.app(environ, start_response)  # type: ignore[no-any-return]


def prepare(app: Flask) -> None:
    """Puts the middleware before the app; in production a request that comes another way is refused."""
    settings = app.config["SETTINGS"]
    app.wsgi_app = ProxyHeaders(app.wsgi_app, settings.proxy_hops)  # type: ignore[method-assign]
    if settings.production:
        app.before_request(refuse_misrouted)


def forwarded_count() -> int:
    """How many addresses stand in the request's `X-Forwarded-For`."""
    return len(parse_list_header(request.headers.get("X-Forwarded-For", "")))


def refuse_misrouted() -> None:
    """Raises Misrouted if the proxies that the request shows are not those that PROXY_HOPS promises.

    Otherwise everybody would have one address, and whoever mistypes a password would lock all others out.
    """
    found, expected = forwarded_count(), current_app.config["SETTINGS"].proxy_hops
    if found == 0 and request.path in DIRECT:
        return
    fits = found >= expected and _is_address(request.remote_addr) and request.is_secure
    if fits if expected else found == 0:
        return
    facts = {"forwarded_for": found, "proxy_hops": expected, "https": request.is_secure}
    log.error("misrouted", extra={"said": facts})
    raise Misrouted


def _is_address(text: str | None) -> bool:
    try:
        ip_address(text or "")
    except ValueError:
        return False
    return True
