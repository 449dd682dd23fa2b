"""What the app trusts of the proxies in front of it: a request's address, scheme and host name."""

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
"""Paths that a monitor on the same machine may request without the proxy."""

PROBE = "/setup/probe"
"""Reports what the app sees of a request, so it must respond in any case (ops.actions.setup_probe)."""
CHUNK_SIZE, MAX_CHUNKS = 65_536, 128
"""Together 8 MB: more than the proxy accepts."""


class ProxyMisconfigured(Exception):
    """A request bypassed the proxy, or the proxy does not forward the client address: no address can be trusted."""


class ProxyHeaders:
    """WSGI middleware: takes the client address from the last `hops` proxies, the scheme from the last one.

    Host names become lower case. A request for another host than `host` (None accepts any) is marked in `environ` and
    gets our host name, so that its error page can be rendered.
    """

    def __init__(self, app: Any, hops: int, host: str | None) -> None:
        self.app: Any = ProxyFix(app, x_for=hops, x_proto=1) if hops else app
        self.host = host

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        requested = str(environ.get("HTTP_HOST", "")).lower()
        if self.host is not None and re.sub(r":[0-9]{1,5}$", "", requested) != self.host:
            environ[FOREIGN_HOST], requested = True, self.host
        if requested:
            environ["HTTP_HOST"] = requested
        response: Iterable[bytes] = self.app(environ, start_response)
        _drain_body(environ)
        return response


def _drain_body(environ: dict[str, Any]) -> None:
    """Read the unread rest of a body: if the connection closed before, the proxy would lose the response."""
    if environ.get("CONTENT_LENGTH") or environ.get("wsgi.input_terminated"):
        with suppress(OSError):
            for _ in range(MAX_CHUNKS):
                if not environ["wsgi.input"].read(CHUNK_SIZE):
                    return


def init_app(app: Flask) -> None:
    """Install the middleware; in production also the checks of host and proxy."""
    settings = app.config["SETTINGS"]
    host = str(urlsplit(settings.public_url).hostname) if settings.production else None
    # Flask's documented way to install a middleware.
    app.wsgi_app = ProxyHeaders(app.wsgi_app, settings.proxy_hops, host)  # type: ignore[method-assign]
    if settings.production:
        app.before_request(refuse_foreign_host)
        app.before_request(refuse_misconfigured_proxy)


def refuse_foreign_host() -> None:
    """Abort with 400 if the request is for another host than ours: no link is ever built for that one."""
    if request.environ.get(FOREIGN_HOST):
        abort(400)


def count_forwarded_addresses() -> int:
    """Return how many addresses the request's `X-Forwarded-For` has."""
    return len(parse_list_header(request.headers.get("X-Forwarded-For", "")))


def refuse_misconfigured_proxy() -> None:
    """Raise ProxyMisconfigured if the request did not pass as many proxies as PROXY_HOPS states.

    Otherwise all clients would share one address, and one mistyping a password would lock all others out.
    """
    count, expected = count_forwarded_addresses(), current_settings().proxy_hops
    if request.path == PROBE or (count == 0 and request.path in DIRECT):
        return
    is_expected = count >= expected and _is_address(request.remote_addr) and request.is_secure
    if is_expected if expected else count == 0:
        return
    fields = {"forwarded_for": count, "proxy_hops": expected, "https": request.is_secure}
    log.error("misrouted", extra={"fields": fields})
    raise ProxyMisconfigured


def _is_address(text: str | None) -> bool:
    try:
        ip_address(text or "")
    except ValueError:
        return False
    return True
