"""How errors answer: no stack, no value that was sent, JSON never a redirect; with or without a database."""

import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote_plus, urlencode

from flask import Flask, Response, g, jsonify, redirect, request, session, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from app.db.faults import Fault, fault_of
from app.db.session import Unacknowledged, abandon
from app.text_limits import LONGEST
from app.web.access import NotSignedIn
from app.web.anonymous import ask_nobody
from app.web.device_auth import NotEnrolled
from app.web.pages import page
from app.web.proxy import Misrouted
from app.web.requests import is_form, wants_json
from app.web.responses import KEEPING, SENTENCES, problem
from app.web.security_events import report_event

log = logging.getLogger("ventanilla")


def prepare(app: Flask) -> None:
    """Registers what answers each kind of error."""
    for kind, answer in HANDLERS:
        app.register_error_handler(kind, partial(_always, answer))


def _http(error: HTTPException) -> Response:
    abandon()
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
        if len(quote_plus(here)) > LONGEST:  # a proxy takes no header of any length
            here = request.path if len(quote_plus(request.path)) <= LONGEST else "/"
        # Werkzeug's answer, which Flask sends as its own.
        return redirect(f"{url_for('staff.sign_in')}?{urlencode({'next': here})}")  # type: ignore[return-value]
    try:
        kept = _answers_given()
    except HTTPException as unreadable:
        return _http(unreadable)
    next_ = url_for(KEEPING[str(request.endpoint)]) if kept else ""
    return page("staff/sign_in.html", 401, kept=kept, expired=True, next=next_, problem="")


def _not_enrolled(error: NotEnrolled) -> Response:
    """Said so that a tablet can tell it from any other 401: it keeps what it has and sends nothing more."""
    abandon()
    report_event("device_revoked" if error.why == "revoked" else "device_unknown")
    answer = jsonify({"problem": gettext("This tablet is not enrolled."), "device": error.why})
    answer.status_code = 401
    return answer


def _answers_given() -> list[tuple[str, str]]:
    if request.endpoint not in KEEPING or not is_form():
        return []
    sent = request.form.items(multi=True)
    return [(name, value) for name, value in sent if name != "csrf_token"]


def _not_meant(error: CSRFError) -> Response:
    abandon()
    return problem(400, gettext("The page was open too long. Go back, reload it and try again."))


def _misrouted(error: Misrouted) -> Response:
    sentence = gettext(
        "This server is not set up completely: please tell the person who looks after it."
    )
    return problem(503, sentence)


def _uncertain(error: Unacknowledged) -> Response:
    abandon()
    ask_nobody()
    _log_fault(fault_of(error.__cause__ or error))
    return problem(503, gettext(SENTENCES[504]))


def _failed(error: Exception) -> Response:
    """503 if the database is at fault; that page is drawn for nobody, who is asking stands in the database."""
    abandon()
    _log_any(error)
    fault = fault_of(error)
    if not fault.is_of_the_database:
        return problem(500)
    ask_nobody()
    answer = problem(503, gettext(fault.sentence))
    answer.headers["Retry-After"] = str(fault.retry_after)
    return answer


def _log_fault(fault: Fault) -> None:
    said = {"request": g.get("request_id"), "kind": fault.kind, "code": fault.code}
    log.warning("database", extra={"said": said})


def _log_bug(error: Exception) -> None:
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


def _log_any(error: Exception) -> None:
    fault = fault_of(error)
    if fault.is_of_the_database:
        _log_fault(fault)
    else:
        _log_bug(error)


HANDLERS: tuple[tuple[type[Exception], Callable[[Any], Response]], ...] = (
    (HTTPException, _http),
    (NotSignedIn, _not_signed_in),
    (NotEnrolled, _not_enrolled),
    (CSRFError, _not_meant),
    (Misrouted, _misrouted),
    (Unacknowledged, _uncertain),
    (Exception, _failed),
)


def _always(handler: Callable[[Any], Response], error: Exception) -> Response:
    """The handler's answer; if drawing it fails, the same drawn for nobody, else one sentence without a page."""
    try:
        return handler(error)
    except Exception as worse:
        abandon()
        _log_any(worse)
        ask_nobody()
        if not fault_of(worse).is_of_the_database:
            session.clear()  # what waits in it may be the reason: nobody is locked out for as long as a cookie lives
    try:
        return handler(error)
    except Exception:
        return _sentence_alone(error)


def _sentence_alone(error: Exception) -> Response:
    status = error.code if isinstance(error, HTTPException) and error.code else 500
    if fault_of(error).is_of_the_database or isinstance(error, Unacknowledged):
        status = 503
    text = SENTENCES.get(status, SENTENCES[500])
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Ventanilla</title>'
    is_json = wants_json()
    body = json.dumps({"problem": text}) if is_json else f"{head}<h1>{text}</h1>"
    answer = Response(body, status, mimetype="application/json" if is_json else "text/html")
    if status == 503:
        answer.headers["Retry-After"] = "5"
    return answer
