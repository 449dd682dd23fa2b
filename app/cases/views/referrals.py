"""New referrals: choose a receiver, send, and forward to the next shelter; by JSON and by the page."""

from typing import Any
from uuid import UUID

from flask import Response, abort, jsonify, request, url_for
from flask_babel import gettext

from app.audit.actions import record_audit
from app.cases.actions import referrals as actions
from app.cases.forms import referrals as forms
from app.cases.forms.referrals import ReferralFormState
from app.cases.queries.timeline import list_people
from app.cases.views.blueprint import blueprint
from app.cases.views.referral_page import render_referral_page
from app.consultations.queries import find_consultation
from app.db import idempotency
from app.db.session import db
from app.field_errors import FIELD_ERRORS, FieldError, errors_response
from app.i18n import language
from app.places.queries import get_own_desk
from app.referrals.actions.action_context import ActionRefused
from app.referrals.actions.create import ReferralIntake
from app.referrals.forms.referral import parse_referral
from app.web.access import allow, principal
from app.web.pages import flash_message, redirect_or_json, set_preference_cookie
from app.web.relative_time import utc_iso
from app.web.requests import is_form, read_json, wants_json
from app.web.responses import error_response


@blueprint.get("/referrals/new")
@allow("send_referrals", audited=True)
def new_referral() -> Response:
    """The page on which a receiver is chosen; with `consultation` it is filled with that consultation's people."""
    consultation_id = request.args.get("consultation")
    receiver_kind = request.args.get("to", "")
    if not consultation_id:
        desk = get_own_desk(db.session(), principal().scope, request.args.get("desk"))
        return render_referral_page(desk, forms.empty_form(desk.code, receiver_kind), {})
    form = _form_from_consultation(consultation_id, receiver_kind)
    form.consent = request.args.get("agreed") == "1"
    return render_referral_page(get_own_desk(db.session(), principal().scope, form.desk), form, {})


def _form_from_consultation(consultation_id: str, receiver_kind: str) -> ReferralFormState:
    session, account = db.session(), principal()
    try:
        row = find_consultation(session, account.scope, UUID(consultation_id))
    except ValueError:
        row = None
    if row is None:
        abort(404)
    record_audit(account.account_id, "record_read", f"consultation:{row.id}", row.country)
    return forms.prefill(
        forms.empty_form(row.desk, receiver_kind),
        str(row.id),
        list_people(session, row),
        language=row.language or "",
        flags=row.flags or [],
    )


@blueprint.post("/referrals/new")
@allow("send_referrals")
def redraw_referral() -> Response:
    """The page with the answers so far and the shelters for this group; in another language with `switch_locale`.

    Nothing is sent or stored.
    """
    fields = request.form.copy()
    locale = fields.pop("switch_locale", "")
    form = forms.form_state_from_form(fields)
    desk = get_own_desk(db.session(), principal().scope, form.desk)
    if locale not in language.LOCALES:
        return render_referral_page(desk, form, {})
    language.switch_locale(locale)
    response = render_referral_page(desk, form, {})
    set_preference_cookie(response, language.LOCALE_COOKIE, locale)
    return response


@blueprint.post("/referrals")
@allow("send_referrals")
def send_referral() -> Any:
    """Create a referral: JSON 201 new, 200 same, 409 different, 422 errors; a form leads to the referral's page."""
    payload = forms.payload_from_form(request.form) if is_form() else read_json()
    data, errors = parse_referral(payload)
    intake = errors or actions.refer(db.session(), principal(), data)
    if isinstance(intake, list):
        if wants_json() or not is_form():
            return errors_response(intake)
        return _render_errors(payload, intake)
    if wants_json():
        return _intake_response(intake, data.id)
    return _redirect_to_referral(intake, gettext("Sent."))


def _intake_response(intake: ReferralIntake, referral_id: str) -> Response:
    referral = intake.referral
    if referral is None:
        response = jsonify({"id": referral_id, "arrival": intake.outcome})
        response.status_code = 409
        return response
    content = {
        "id": str(referral.id),
        "arrival": intake.outcome,
        "code": referral.code,
        "state": referral.state_now,
        "version": referral.version,
        "deadline": utc_iso(referral.deadline),
    }
    response = jsonify(content)
    response.status_code = 201 if intake.outcome == idempotency.NEW else 200
    return response


def _redirect_to_referral(intake: ReferralIntake, message: str) -> Any:
    if intake.referral is None:
        conflict = gettext("Another referral has this number. Nothing was sent; start again.")
        return error_response(409, conflict)
    flash_message(message)
    return redirect_or_json(url_for("referrals.detail", referral_id=intake.referral.id))


def _render_errors(payload: dict[str, Any], errors: list[FieldError]) -> Response:
    form = forms.form_state_from_form(request.form)
    messages = forms.messages_by_field(errors, payload)
    return render_referral_page(
        get_own_desk(db.session(), principal().scope, form.desk), form, messages, 422
    )


@blueprint.post("/referrals/<uuid:referral_id>/next")
@allow("send_referrals")
def next_shelter(referral_id: UUID) -> Any:
    """Refer the same group to the next suitable shelter: 201 as a new referral; 409 if there is none, or no need."""
    intake = actions.forward_referral(db.session(), principal(), referral_id)
    if intake is None:
        abort(404)
    if isinstance(intake, list):
        return errors_response(intake) if wants_json() else error_response(422, intake[0].message)
    if isinstance(intake, ActionRefused):
        return _refusal_response(intake)
    if wants_json():
        return _intake_response(intake, str(referral_id))
    return _redirect_to_referral(intake, gettext("Sent to the next shelter."))


def _refusal_response(refusal: ActionRefused) -> Response:
    message = gettext(FIELD_ERRORS[refusal.code].label)
    if not wants_json():
        return error_response(409, message)
    response = jsonify({"state": refusal.state, "problem": refusal.code, "message": message})
    response.status_code = 409
    return response
