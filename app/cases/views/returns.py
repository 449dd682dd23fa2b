"""Opens return requests: by programs and by the page; a consultation's people are carried over."""

from typing import Any
from uuid import UUID

from flask import Response, abort, jsonify, request, url_for
from flask_babel import gettext

from app.audit.actions import record_audit
from app.cases.actions import returns
from app.cases.forms import returns as forms
from app.cases.queries.timeline import people_of
from app.cases.views.blueprint import blueprint
from app.cases.views.desk import own_desk
from app.cases.views.return_page import asking_page, requested_page
from app.consultations.queries import get_consultation_data, find_consultation
from app.db import idempotency
from app.db.session import db
from app.field_errors import FIELD_ERRORS, FieldError, errors_response
from app.i18n import language
from app.returns.actions.create import ReturnIntake, ExistingRequest
from app.returns.forms.payloads import parse_new_request
from app.returns.queries.requests import find_active_request_unscoped
from app.web.access import allow, principal
from app.web.pages import redirect_or_json, set_preference_cookie, flash_message
from app.web.requests import is_form, read_json, wants_json
from app.web.responses import error_response


@blueprint.get("/returns/new")
@allow("open_returns", audited=True)
def new_return() -> Response:
    """The page on which a request is opened; `consultation` carries its people over, or leads to its request."""
    number = request.args.get("consultation")
    if number:
        return _from_consultation(number)
    desk = own_desk(request.args.get("desk"))
    return asking_page(desk, forms.blank(desk), {})


def _from_consultation(number: str) -> Response:
    session, asking = db.session(), principal()
    try:
        row = find_consultation(session, asking.scope, UUID(number))
    except ValueError:
        row = None
    if row is None or returns.known_of(session, asking, row.id, row.desk_id) is None:
        abort(404)
    record_audit(asking.account_id, "record_read", f"consultation:{row.id}", row.country)
    already = find_active_request_unscoped(session, row.id)
    if already is not None:
        flash_message(FieldError("", "already_requested").message, "warn")
        return redirect_or_json(url_for("returns.read", reference=already.display_reference))
    desk = own_desk(row.desk)
    content, people = get_consultation_data(session, row), people_of(session, row)
    return asking_page(desk, forms.carry_over(forms.blank(desk), people, content), {})


@blueprint.post("/returns/new")
@allow("open_returns")
def new_return_again() -> Response:
    """The page with the answers so far, in another language where `switch_locale` says; nothing is stored."""
    sent = request.form.copy()
    chosen = sent.pop("switch_locale", "")
    shown = forms.of_form(sent)
    if chosen not in language.LOCALES:
        return asking_page(own_desk(None, shown.desk), shown, {})
    language.switch(chosen)
    answer = asking_page(own_desk(None, shown.desk), shown, {})
    set_preference_cookie(answer, language.COOKIE, chosen)
    return answer


@blueprint.post("/returns")
@allow("open_returns")
def open_return() -> Any:
    """Opens a request: 201 new, 200 same, 409 different or a second one of its consultation, 422 problems."""
    raw = forms.sent_fields(request.form) if is_form() else read_json()
    content, errors = parse_new_request(raw)
    opened = errors or returns.open_return(db.session(), principal(), content)
    if isinstance(opened, list):
        return errors_response(opened) if wants_json() or not is_form() else _ask_again(opened)
    return _told(opened) if wants_json() else _go_on(opened)


def _told(opened: ReturnIntake | ExistingRequest) -> Response:
    if isinstance(opened, ExistingRequest):
        return _conflict("already_requested", opened.request.display_reference)
    if opened.request is None:
        return _conflict("not_this_request", None)
    one = opened.request
    said = {"reference": one.display_reference, "stage": one.stage, "version": one.version, "id": str(one.id)}
    answer = jsonify({**said, "arrival": opened.outcome})
    answer.status_code = 201 if opened.outcome == idempotency.NEW else 200
    return answer


def _conflict(code: str, reference: str | None) -> Response:
    said = {"problem": code, "reference": reference, "message": gettext(FIELD_ERRORS[code].label)}
    answer = jsonify(said)
    answer.status_code = 409
    return answer


def _ask_again(errors: list[FieldError]) -> Response:
    shown = forms.of_form(request.form)
    return asking_page(own_desk(None, shown.desk), shown, forms.placed(errors), 422)


def _go_on(opened: ReturnIntake | ExistingRequest) -> Any:
    if isinstance(opened, ExistingRequest):
        return requested_page(opened.request)
    if opened.request is None:
        return error_response(409, FieldError("", "not_this_request").message)
    flash_message(gettext("Opened. The reference is the only name it has: write it down for the person."))
    return redirect_or_json(url_for("returns.read", reference=opened.request.display_reference))
