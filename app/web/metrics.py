"""Request metrics for `/metrics`: by route, method and status class, never by account or content."""

import hmac
import os
from ipaddress import ip_address

from flask import request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from app.settings import current_settings

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Real-Ip")
"""Headers that only a proxy sends, on behalf of another client."""
_own = CollectorRegistry()
REQUESTS = Counter(
    "ventanilla_requests",
    "Requests answered, by route, method and class of status (5xx: errors).",
    ["route", "method", "status"],
    registry=_own,
)
SECONDS = Histogram(
    "ventanilla_request_seconds",
    "Time until a request was answered, without what the proxy adds.",
    ["method"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=_own,
)


def count_request(status: int, seconds: float) -> None:
    """Count this request; a path or method that a client invents adds no label value of its own."""
    route = request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(route, method, f"{status // 100}xx").inc()
    SECONDS.labels(method).observe(seconds)


def request_metrics() -> bytes:
    """Return the request metrics of all workers in Prometheus' text format.

    Workers share their counts if PROMETHEUS_MULTIPROC_DIR names a directory when the process starts; else the text
    has those of the responding process only.
    """
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(_own)
    shared = CollectorRegistry()
    # The library has no type annotations for it.
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return generate_latest(shared)


def may_scrape() -> bool:
    """Whether this request may read the metrics: with METRICS_TOKEN, or from this machine without a proxy."""
    token = current_settings().metrics_token
    kind, _, credential = request.headers.get("Authorization", "").partition(" ")
    if (
        token
        and kind.lower() == "bearer"
        and hmac.compare_digest(credential.encode(), token.encode())
    ):
        return True
    return not any(name in request.headers for name in FORWARDED) and _is_own_machine()


def _is_own_machine() -> bool:
    """Whether the peer of the connection, ignoring proxy headers, is this machine."""
    original = request.environ.get("werkzeug.proxy_fix.orig", {})
    peer = original.get("REMOTE_ADDR", request.remote_addr)
    try:
        return not peer or ip_address(peer).is_loopback
    except ValueError:
        return False
