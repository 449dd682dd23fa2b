"""New return requests, by JSON and by the page, with or without a consultation."""

from uuid import UUID

from flask import abort, redirect, request, url_for
from flask_babel import gettext
from werkzeug import Response

from app.audit.actions import record_audit
from app.cases.actions import returns as actions
from app.cases.forms import returns as forms
from app.cases.queries.timeline import list_people
from app.cases.views.blueprint import blueprint
from app.cases.views.return_page import render_existing_request, render_return_page
from app.consultations.queries import find_consultation, get_consultation_data
from app.db import idempotency
from app.db.session import db
from app.field_errors import FieldError
from app.i18n import language
from app.places.queries import get_own_desk
from app.returns.actions.create import ReturnConflict, ReturnIntake
from app.returns.queries.requests import find_active_request_unscoped
from app.returns.schemas.answers import ReturnConflictAnswer, ReturnIntakeAnswer
from app.returns.schemas.bodies import ReturnRequestBody, parse_new_request
from app.web.access import allow, principal
from app.web.openapi.describe import describe
from app.web.outcomes import Renderers, respond
from app.web.pages import flash_message, redirect_or_json, set_preference_cookie
from app.web.requests import read_body
from app.web.responses import error_response, json_response


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
    desk = get_own_desk(db.session(), principal().scope, None, form.desk)
    if locale not in language.LOCALES:
        return render_return_page(desk, form, {})
    language.switch_locale(locale)
    response = render_return_page(desk, form, {})
    set_preference_cookie(response, language.LOCALE_COOKIE, locale)
    return response


@blueprint.post("/returns")
@allow("open_returns")
@describe(
    answers={201: ReturnIntakeAnswer, 200: ReturnIntakeAnswer, 409: ReturnConflictAnswer},
    body=ReturnRequestBody,
)
def open_return() -> Response:
    """Open a request: 201 new, 200 same, 409 different or the consultation has one already, 422 errors."""
    parsed = parse_new_request(read_body(forms.new_return_from_form))
    return respond(
        actions.open_return(db.session(), principal(), parsed),
        as_json=Renderers(_json_intake, _json_conflict),
        as_page=Renderers(_redirect_to_request, _conflict_page, _page_with_errors),
    )


def _json_intake(intake: ReturnIntake) -> Response:
    answer = {
        "reference": intake.request.display_reference,
        "stage": intake.request.stage,
        "version": intake.request.version,
        "id": str(intake.request.id),
        "arrival": intake.arrival,
    }
    return json_response(answer, 201 if intake.arrival == idempotency.NEW else 200)


def _json_conflict(conflict: ReturnConflict) -> Response:
    existing = conflict.existing
    answer = ReturnConflictAnswer(
        problem=conflict.code,
        reference=existing.display_reference if existing else None,
        message=FieldError("", conflict.code).message,
    )
    return json_response(answer.model_dump(), 409)


def _redirect_to_request(intake: ReturnIntake) -> Response:
    message = gettext(
        "Opened. The reference is the only name it has: write it down for the person."
    )
    flash_message(message)
    return redirect(url_for("returns.read", reference=intake.request.display_reference))


def _conflict_page(conflict: ReturnConflict) -> Response:
    if conflict.existing is not None:
        return render_existing_request(conflict.existing)
    return error_response(409, FieldError("", conflict.code).message)


def _page_with_errors(errors: list[FieldError]) -> Response:
    form = forms.form_state_from_form(request.form)
    desk = get_own_desk(db.session(), principal().scope, None, form.desk)
    return render_return_page(desk, form, forms.messages_by_field(errors), 422)
