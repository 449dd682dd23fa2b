"""Error handlers: no stack trace, no request value, never a redirect for JSON; with or without a database."""

import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote_plus, urlencode

from flask import Flask, Response, g, jsonify, make_response, redirect, request, session, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from app.db.faults import DatabaseFault, classify_error
from app.db.session import CommitOutcomeUnknown, rollback_or_invalidate
from app.text_limits import MAX_TEXT_LENGTH
from app.web.access import NotSignedIn
from app.web.anonymous import use_anonymous_principal
from app.web.device_auth import NotEnrolled
from app.web.pages import render_page
from app.web.preserved_forms import preserved_fields, redraw_url
from app.web.proxy import ProxyMisconfigured
from app.web.requests import wants_json
from app.web.responses import ERROR_MESSAGES, error_response
from app.web.security_events import report_event

log = logging.getLogger("ventanilla")


def init_app(app: Flask) -> None:
    """Register the handler of each kind of error."""
    for kind, handler in HANDLERS:
        app.register_error_handler(kind, partial(_handle_safely, handler))


def _http(error: HTTPException) -> Response:
    rollback_or_invalidate()
    response = error_response(error.code or 500, getattr(error, "message", None))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _not_signed_in(error: NotSignedIn) -> Response:
    if wants_json():
        return error_response(401)
    if request.method == "GET":
        here = request.full_path.rstrip("?")
        if len(quote_plus(here)) > MAX_TEXT_LENGTH:  # a proxy limits the length of headers
            here = request.path if len(quote_plus(request.path)) <= MAX_TEXT_LENGTH else "/"
        # Werkzeug's response, which Flask sends as its own.
        return redirect(f"{url_for('staff.sign_in')}?{urlencode({'next': here})}")  # type: ignore[return-value]
    try:
        fields = preserved_fields()
    except HTTPException as unreadable:
        return _http(unreadable)
    next_path = redraw_url(request.endpoint) if fields else ""
    context = {"preserved": fields, "expired": True, "next": next_path, "error_status": ""}
    return render_page("staff/sign_in.html", 401, **context)


def _not_enrolled(error: NotEnrolled) -> Response:
    """Return a 401 that a tablet can distinguish from any other: it then keeps its records and stops sending."""
    rollback_or_invalidate()
    report_event("device_revoked" if error.reason == "revoked" else "device_unknown")
    body = {"problem": gettext("This tablet is not enrolled."), "device": error.reason}
    return make_response(jsonify(body), 401)


def _csrf_failed(error: CSRFError) -> Response:
    rollback_or_invalidate()
    return error_response(
        400, gettext("The page was open too long. Go back, reload it and try again.")
    )


def _proxy_misconfigured(error: ProxyMisconfigured) -> Response:
    message = gettext(
        "This server is not set up completely: please tell the person who looks after it."
    )
    return error_response(503, message)


def _commit_outcome_unknown(error: CommitOutcomeUnknown) -> Response:
    rollback_or_invalidate()
    use_anonymous_principal()
    _log_fault(classify_error(error.__cause__ or error))
    return error_response(503, gettext(ERROR_MESSAGES[504]))


def _unexpected(error: Exception) -> Response:
    """Return 503 if the database is the cause, rendered without an account, since accounts are in the database."""
    rollback_or_invalidate()
    _log_error(error)
    fault = classify_error(error)
    if not fault.is_database_at_fault:
        return error_response(500)
    use_anonymous_principal()
    response = error_response(503, gettext(fault.message))
    response.headers["Retry-After"] = str(fault.retry_after)
    return response


def _log_fault(fault: DatabaseFault) -> None:
    fields = {"request": g.get("request_id"), "kind": fault.kind, "code": fault.code}
    log.warning("database", extra={"fields": fields})


def _log_bug(error: Exception) -> None:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    fields = {"kind": type(error).__name__, "file": "", "line": 0}
    if frame is not None:
        fields |= {
            "file": frame.tb_frame.f_code.co_filename.rsplit("/", 1)[-1],
            "line": frame.tb_lineno,
        }
    log.error("bug", extra={"fields": fields})


def _log_error(error: Exception) -> None:
    fault = classify_error(error)
    if fault.is_database_at_fault:
        _log_fault(fault)
    else:
        _log_bug(error)


HANDLERS: tuple[tuple[type[Exception], Callable[[Any], Response]], ...] = (
    (HTTPException, _http),
    (NotSignedIn, _not_signed_in),
    (NotEnrolled, _not_enrolled),
    (CSRFError, _csrf_failed),
    (ProxyMisconfigured, _proxy_misconfigured),
    (CommitOutcomeUnknown, _commit_outcome_unknown),
    (Exception, _unexpected),
)


def _handle_safely(handler: Callable[[Any], Response], error: Exception) -> Response:
    """Return the handler's response; if rendering fails, render it without an account, else send one sentence."""
    try:
        return handler(error)
    except Exception as second_error:
        rollback_or_invalidate()
        _log_error(second_error)
        use_anonymous_principal()
        if not classify_error(second_error).is_database_at_fault:
            session.clear()  # its flashed messages may be the cause, and would be until the cookie expires
    try:
        return handler(error)
    except Exception:
        return _plain_response(error)


def _plain_response(error: Exception) -> Response:
    status = error.code if isinstance(error, HTTPException) and error.code else 500
    if classify_error(error).is_database_at_fault or isinstance(error, CommitOutcomeUnknown):
        status = 503
    text = ERROR_MESSAGES.get(status, ERROR_MESSAGES[500])
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Ventanilla</title>'
    is_json = wants_json()
    body = json.dumps({"problem": text}) if is_json else f"{head}<h1>{text}</h1>"
    response = Response(body, status, mimetype="application/json" if is_json else "text/html")
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response
