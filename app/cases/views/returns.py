"""New return requests, by JSON and by the page, with or without a consultation."""

from typing import Any
from uuid import UUID

from flask import Response, abort, jsonify, request, url_for
from flask_babel import gettext

from app.audit.actions import record_audit
from app.cases.actions import returns as actions
from app.cases.forms import returns as forms
from app.cases.queries.timeline import list_people
from app.cases.views.blueprint import blueprint
from app.cases.views.return_page import render_existing_request, render_return_page
from app.consultations.queries import find_consultation, get_consultation_data
from app.db import idempotency
from app.db.session import db
from app.field_errors import FIELD_ERRORS, FieldError, errors_response
from app.i18n import language
from app.places.queries import get_own_desk
from app.returns.actions.create import ExistingRequest, ReturnIntake
from app.returns.forms.payloads import parse_new_request
from app.returns.queries.requests import find_active_request_unscoped
from app.web.access import allow, principal
from app.web.pages import flash_message, redirect_or_json, set_preference_cookie
from app.web.requests import is_form, read_json, wants_json
from app.web.responses import error_response


@blueprint.get("/returns/new")
@allow("open_returns", audited=True)
def new_return() -> Response:
    """The page on which a request is opened; with `consultation` filled with its people, or led to its request."""
    consultation_id = request.args.get("consultation")
    if consultation_id:
        return _page_from_consultation(consultation_id)
    desk = get_own_desk(db.session(), principal().scope, request.args.get("desk"))
    return render_return_page(desk, forms.empty_form(desk), {})


def _page_from_consultation(consultation_id: str) -> Response:
    session, account = db.session(), principal()
    try:
        row = find_consultation(session, account.scope, UUID(consultation_id))
    except ValueError:
        row = None
    if row is None or actions.find_return_origin(session, account, row.id, row.desk_id) is None:
        abort(404)
    record_audit(account.account_id, "record_read", f"consultation:{row.id}", row.country)
    existing = find_active_request_unscoped(session, row.id)
    if existing is not None:
        flash_message(FieldError("", "already_requested").message, "warn")
        return redirect_or_json(url_for("returns.read", reference=existing.display_reference))
    desk = get_own_desk(db.session(), principal().scope, row.desk)
    consultation, people = get_consultation_data(session, row), list_people(session, row)
    form = forms.prefill(forms.empty_form(desk), people, consultation)
    return render_return_page(desk, form, {})


@blueprint.post("/returns/new")
@allow("open_returns")
def redraw_return() -> Response:
    """The page with the answers so far; in another language with `switch_locale`. Nothing is stored."""
    fields = request.form.copy()
    locale = fields.pop("switch_locale", "")
    form = forms.form_state_from_form(fields)
    if locale not in language.LOCALES:
        return render_return_page(
            get_own_desk(db.session(), principal().scope, None, form.desk), form, {}
        )
    language.switch_locale(locale)
    response = render_return_page(
        get_own_desk(db.session(), principal().scope, None, form.desk), form, {}
    )
    set_preference_cookie(response, language.LOCALE_COOKIE, locale)
    return response


@blueprint.post("/returns")
@allow("open_returns")
def open_return() -> Any:
    """Open a request: 201 new, 200 same, 409 different or the consultation has one already, 422 errors."""
    payload = forms.payload_from_form(request.form) if is_form() else read_json()
    data, errors = parse_new_request(payload)
    intake = errors or actions.open_return(db.session(), principal(), data)
    if isinstance(intake, list):
        if wants_json() or not is_form():
            return errors_response(intake)
        return _render_errors(intake)
    return _intake_response(intake) if wants_json() else _redirect_to_request(intake)


def _intake_response(intake: ReturnIntake | ExistingRequest) -> Response:
    if isinstance(intake, ExistingRequest):
        return _conflict_response("already_requested", intake.request.display_reference)
    if intake.request is None:
        return _conflict_response("not_this_request", None)
    content = {
        "reference": intake.request.display_reference,
        "stage": intake.request.stage,
        "version": intake.request.version,
        "id": str(intake.request.id),
        "arrival": intake.outcome,
    }
    response = jsonify(content)
    response.status_code = 201 if intake.outcome == idempotency.NEW else 200
    return response


def _conflict_response(code: str, reference: str | None) -> Response:
    message = gettext(FIELD_ERRORS[code].label)
    response = jsonify({"problem": code, "reference": reference, "message": message})
    response.status_code = 409
    return response


def _render_errors(errors: list[FieldError]) -> Response:
    form = forms.form_state_from_form(request.form)
    messages = forms.messages_by_field(errors)
    return render_return_page(
        get_own_desk(db.session(), principal().scope, None, form.desk), form, messages, 422
    )


def _redirect_to_request(intake: ReturnIntake | ExistingRequest) -> Any:
    if isinstance(intake, ExistingRequest):
        return render_existing_request(intake.request)
    if intake.request is None:
        return error_response(409, FieldError("", "not_this_request").message)
    message = gettext(
        "Opened. The reference is the only name it has: write it down for the person."
    )
    flash_message(message)
    return redirect_or_json(url_for("returns.read", reference=intake.request.display_reference))
