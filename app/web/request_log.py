"""The log: one JSON object per line, and one line per request."""

import json
import logging
import secrets
import time

from flask import Flask, Response, g, request

from app.web.access import request_account_id
from app.web.headers import set_security_headers
from app.web.metrics import count_request

log = logging.getLogger("ventanilla")


def init_app(app: Flask) -> None:
    """Register the request id, the security headers and the log line of every request."""
    app.before_request(_start)
    app.after_request(_finish)


def _start() -> None:
    g.started = time.perf_counter()
    g.request_id = secrets.token_hex(8)


def _finish(response: Response) -> Response:
    set_security_headers(response)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Request-Id"] = g.get("request_id", "")
        _log_request(response)
    return response


def _log_request(response: Response) -> None:
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    count_request(response.status_code, seconds)
    fields = {
        "request": g.get("request_id"),
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule else None,
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
        "account": request_account_id(),
    }
    log.info("request", extra={"fields": fields})


class JsonFormatter(logging.Formatter):
    """Format a record as one JSON object: time, level, event and the named `fields`; never a value of a form."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"), "level": record.levelname}
        return json.dumps({**line, "event": record.getMessage(), **getattr(record, "fields", {})})
