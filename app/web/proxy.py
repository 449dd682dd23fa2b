"""What the app believes of the proxy before it: a request's address, scheme and host name."""

import logging
import re
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, abort, request
from werkzeug.http import parse_list_header
from werkzeug.middleware.proxy_fix import ProxyFix

from app.settings import current_settings

log = logging.getLogger("ventanilla")
FOREIGN_HOST = "ventanilla.foreign_host"
DIRECT = frozenset({"/healthz", "/readyz", "/metrics"})
"""What a monitor on the same machine may ask without going through the proxy."""


PROBE = "/setup/probe"
"""Says what the app sees of a request, so it must answer whatever that is (upkeep.actions.setup_probe)."""


PART, MOST_PARTS = 65_536, 128
"""8 MB: more than the proxy lets through."""


class Misrouted(Exception):
    """A request came past the proxy, or the proxy does not say from whom: nobody's address can be believed."""


class ProxyHeaders:
    """WSGI middleware: takes the address from the last `hops` proxies, the scheme from the last; hosts in lower case.

    A request for another host than `host` (None: any is served) is marked; it keeps our name, so that its refusal
    can be drawn.
    """

    def __init__(self, app: Any, hops: int, host: str | None) -> None:
        self.app: Any = ProxyFix(app, x_for=hops, x_proto=1) if hops else app
        self.host = host

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked = str(environ.get("HTTP_HOST", "")).lower()
        if self.host is not None and re.sub(r":[0-9]{1,5}$", "", asked) != self.host:
            environ[FOREIGN_HOST], asked = True, self.host
        if asked:
            environ["HTTP_HOST"] = asked
        answer: Iterable[bytes] = self.app(environ, start_response)
        _read_the_rest(environ)
        return answer


def _read_the_rest(environ: dict[str, Any]) -> None:
    """Reads what the app left of a body: a connection closed before that loses the answer on its way to the proxy."""
    if environ.get("CONTENT_LENGTH") or environ.get("wsgi.input_terminated"):
        with suppress(OSError):
            for _ in range(MOST_PARTS):
                if not environ["wsgi.input"].read(PART):
                    return


def prepare(app: Flask) -> None:
    """Puts the middleware before the app; in production a request that comes another way is refused."""
    settings = app.config["SETTINGS"]
    host = str(urlsplit(settings.public_url).hostname) if settings.production else None
    # Flask's own way to put a middleware before the app.
    app.wsgi_app = ProxyHeaders(app.wsgi_app, settings.proxy_hops, host)  # type: ignore[method-assign]
    if settings.production:
        app.before_request(refuse_foreign_host)
        app.before_request(refuse_misrouted)


def refuse_foreign_host() -> None:
    """Answers 400 if the request is for another host than ours: no link is ever built for that one."""
    if request.environ.get(FOREIGN_HOST):
        abort(400)


def forwarded_count() -> int:
    """How many addresses stand in the request's `X-Forwarded-For`."""
    return len(parse_list_header(request.headers.get("X-Forwarded-For", "")))


def refuse_misrouted() -> None:
    """Raises Misrouted if the proxies that the request shows are not those that PROXY_HOPS promises.

    Otherwise everybody would have one address, and whoever mistypes a password would lock all others out.
    """
    found, expected = forwarded_count(), current_settings().proxy_hops
    if request.path == PROBE or (found == 0 and request.path in DIRECT):
        return
    fits = found >= expected and _is_address(request.remote_addr) and request.is_secure
    if fits if expected else found == 0:
        return
    facts = {"forwarded_for": found, "proxy_hops": expected, "https": request.is_secure}
    log.error("misrouted", extra={"fields": facts})
    raise Misrouted


def _is_address(text: str | None) -> bool:
    try:
        ip_address(text or "")
    except ValueError:
        return False
    return True
