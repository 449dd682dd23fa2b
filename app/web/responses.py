"""What every answer carries, the sentence of an error, and the log."""

import json
import logging
import secrets
import time
from typing import Any

from flask import Flask, Response, g, jsonify, request, url_for
from flask_babel import gettext

from app.codelists.codelist import N_
from app.web.access import request_account_id
from app.web.headers import HEADERS
from app.web.metrics import count_request
from app.web.pages import page
from app.web.requests import wants_json

SENTENCES = {
    400: N_("This could not be read. Nothing was stored."),
    401: N_("Please sign in."),
    403: N_("Your account may not do this."),
    404: N_("There is nothing here."),
    405: N_("This cannot be done here."),
    409: N_("This was changed meanwhile."),
    413: N_("This is too much at once. Nothing was stored."),
    415: N_("Send this as a form or as JSON. Nothing was stored."),
    429: N_("Too many tries. Please wait a little."),
    500: N_("Something went wrong on our side. Nothing was stored; please try again."),
    503: N_("The server is busy. Nothing was stored; please try again in a moment."),
    504: N_("Nobody can say whether this was stored. Please look before you send it again."),
}
KEEPING = dict.fromkeys(
    ("consultations.record", "consultations.again", "consultations.correct"), "consultations.again"
) | dict.fromkeys(("cases.open_return", "cases.new_return_again"), "cases.new_return_again")
"""Where an expired session must not cost the answers given, and what draws their page again.

Every other form is short, or holds a password."""
log = logging.getLogger("ventanilla")


def problem(status: int, sentence: str | None = None) -> Response:
    """An error's answer, as JSON `{"problem"}` or as a page with one sentence."""
    text = sentence or gettext(SENTENCES.get(status, SENTENCES[400]))
    if wants_json():
        answer = jsonify({"problem": text})
        answer.status_code = status
    else:
        answer = page("error.html", status, sentence=text)
    if status in (429, 503):
        answer.headers.setdefault("Retry-After", "5")
    return answer


def prepare(app: Flask) -> None:
    """Registers security headers and the log line of every request."""
    app.before_request(_start)
    app.after_request(_finish)


def page_again(path: str | None) -> str:
    """Where kept answers are shown again: that path where it is one of KEEPING, else a consultation's page."""
    known = {url_for(endpoint) for endpoint in set(KEEPING.values())}
    return str(path) if path in known else url_for("consultations.again")


def _start() -> None:
    g.started = time.perf_counter()
    g.request_id = secrets.token_hex(8)


def _finish(answer: Response) -> Response:
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    settings = request_settings()
    if settings.production:
        answer.headers.setdefault(
            "Strict-Transport-Security", "max-age=31536000; includeSubDomains"
        )
    if request.endpoint != "static":
        answer.headers.setdefault("Cache-Control", "no-store")
        answer.headers["X-Request-Id"] = g.get("request_id", "")
        _log(answer)
    return answer


def request_settings() -> Any:
    """The settings of the running app."""
    from flask import current_app

    return current_app.config["SETTINGS"]


def _log(answer: Response) -> None:
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    count_request(answer.status_code, seconds)
    said = {
        "request": g.get("request_id"),
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule else None,
        "status": answer.status_code,
        "ms": round(seconds * 1000, 1),
        "account": request_account_id(),
    }
    log.info("request", extra={"said": said})


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, event, and only the facts that were named; never a value of a form."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"), "level": record.levelname}
        return json.dumps({**line, "event": record.getMessage(), **getattr(record, "said", {})})
