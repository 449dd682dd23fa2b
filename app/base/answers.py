"""What every answer carries and how errors answer: no stack, no value that was sent, JSON never a redirect."""

import json
import logging
import secrets
import time
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, g, jsonify, redirect, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from app.base.access import NotSignedIn, request_account_id
from app.base.database import Unacknowledged, db
from app.base.enrolment import NotEnrolled
from app.base.headers import HEADERS
from app.base.metrics import count_request
from app.base.pages import page
from app.base.proxy import Misrouted
from app.base.requests import is_form, wants_json
from app.base.security_events import report_event
from app.base.words import N_

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
    """Registers error answers, security headers and the log line of every request."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(NotSignedIn, _not_signed_in)
    app.register_error_handler(NotEnrolled, _not_enrolled)
    app.register_error_handler(CSRFError, _not_meant)
    app.register_error_handler(Misrouted, _misrouted)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(Unacknowledged, _busy)
    app.register_error_handler(Exception, _bug)
    app.before_request(_start)
    app.after_request(_finish)


def _http(error: HTTPException) -> Response:
    db.session.rollback()
    answer = problem(error.code or 500, getattr(error, "sentence", None))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            answer.headers[name] = value
    return answer


def _not_signed_in(error: NotSignedIn) -> Response:
    if wants_json():
        return problem(401)
    if request.method == "GET":
        here = request.full_path.rstrip("?")
        return redirect(f"{url_for('staff.sign_in')}?{urlencode({'next': here})}")  # type: ignore[return-value]
    try:
        kept = _answers_given()
    except HTTPException as unreadable:
        return _http(unreadable)
    next_ = url_for(KEEPING[str(request.endpoint)]) if kept else ""
    return page("staff/sign_in.html", 401, kept=kept, expired=True, next=next_, problem="")


def _not_enrolled(error: NotEnrolled) -> Response:
    """Said so that a tablet can tell it from any other 401: it keeps what it has and sends nothing more."""
    db.session.rollback()
    report_event("device_revoked" if error.why == "revoked" else "device_unknown")
    answer = jsonify({"problem": gettext("This tablet is not enrolled."), "device": error.why})
    answer.status_code = 401
    return answer


def page_again(path: str | None) -> str:
    """Where kept answers are shown again: that path where it is one of KEEPING, else a consultation's page."""
    known = {url_for(endpoint) for endpoint in set(KEEPING.values())}
    return str(path) if path in known else url_for("consultations.again")


def _answers_given() -> list[tuple[str, str]]:
    if request.endpoint not in KEEPING or not is_form():
        return []
    sent = request.form.items(multi=True)
    return [(name, value) for name, value in sent if name != "csrf_token"]


def _not_meant(error: CSRFError) -> Response:
    db.session.rollback()
    return problem(400, gettext("The page was open too long. Go back, reload it and try again."))


def _misrouted(error: Misrouted) -> Response:
    sentence = gettext(
        "This server is not set up completely: please tell the person who looks after it."
    )
    return problem(503, sentence)


def _busy(error: Exception) -> Response:
    db.session.rollback()
    log.warning("busy", extra={"said": {"kind": type(error).__name__}})
    return problem(503)


def _bug(error: Exception) -> Response:
    db.session.rollback()
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    said = {"kind": type(error).__name__, "file": "", "line": 0}
    if where is not None:
        said |= {
            "file": where.tb_frame.f_code.co_filename.rsplit("/", 1)[-1],
            "line": where.tb_lineno,
        }
    log.error("bug", extra={"said": said})
    return problem(500)


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
