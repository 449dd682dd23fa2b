"""New referrals: choose a receiver, send, and forward to the next shelter; by JSON and by the page."""

from functools import partial
from uuid import UUID

from flask import Response, abort, request, url_for
from flask_babel import gettext
from werkzeug import Response as AnyResponse

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
from app.field_errors import FieldError
from app.i18n import language
from app.places.queries import get_own_desk
from app.referrals.actions.action_context import ActionRefused
from app.referrals.actions.create import ReferralIntake
from app.referrals.schemas.answers import (
    ReferralConflictAnswer,
    ReferralIntakeAnswer,
    ReferralRefusedAnswer,
    intake_answer,
    refused_answer,
)
from app.referrals.schemas.bodies import ReferralBody, parse_referral
from app.web.access import allow, principal
from app.web.form_errors import first_error_response
from app.web.openapi.answers import FieldErrorsAnswer
from app.web.openapi.describe import describe
from app.web.outcomes import Invalid, Renderers, respond
from app.web.pages import flash_message, redirect_or_json, set_preference_cookie
from app.web.requests import RawBody, read_body
from app.web.responses import error_response, json_response


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


SEND_ANSWERS = {
    200: ReferralIntakeAnswer,
    201: ReferralIntakeAnswer,
    409: ReferralConflictAnswer,
}


@blueprint.post("/referrals")
@allow("send_referrals")
@describe(body=ReferralBody, answers=SEND_ANSWERS)
def send_referral() -> AnyResponse:
    """Create a referral: JSON 201 new, 200 same, 409 different, 422 errors; a form leads to the referral's page."""
    payload = read_body(forms.payload_from_form)
    data, errors = parse_referral(payload)
    outcome = Invalid(errors) if errors else actions.refer(db.session(), principal(), data)
    return respond(
        outcome,
        as_json=Renderers(_json_sent, _json_different),
        as_page=Renderers(
            partial(_back_to_referral, gettext("Sent.")),
            _different,
            partial(_page_with_errors, payload),
        ),
    )


def _json_sent(intake: ReferralIntake) -> Response:
    status = 201 if intake.arrival == idempotency.NEW else 200
    return json_response(intake_answer(intake).model_dump(), status)


def _json_different(referral_id: str) -> Response:
    return json_response({"id": referral_id, "arrival": idempotency.DIFFERENT}, 409)


def _back_to_referral(message: str, intake: ReferralIntake) -> Response:
    flash_message(message)
    return redirect_or_json(url_for("referrals.detail", referral_id=intake.referral.id))


def _different(_: str) -> Response:
    message = gettext("Another referral has this number. Nothing was sent; start again.")
    return error_response(409, message)


def _page_with_errors(payload: RawBody, errors: list[FieldError]) -> Response:
    form = forms.form_state_from_form(request.form)
    messages = forms.messages_by_field(errors, payload)
    desk = get_own_desk(db.session(), principal().scope, form.desk)
    return render_referral_page(desk, form, messages, 422)


FORWARD_ANSWERS = {
    200: ReferralIntakeAnswer,
    201: ReferralIntakeAnswer,
    409: ReferralRefusedAnswer,
    422: FieldErrorsAnswer,
}


@blueprint.post("/referrals/<uuid:referral_id>/next")
@allow("send_referrals")
@describe(answers=FORWARD_ANSWERS)
def next_shelter(referral_id: UUID) -> AnyResponse:
    """Refer the same group to the next suitable shelter: 201 as a new referral; 409 if there is none, or no need."""
    outcome = actions.forward_referral(db.session(), principal(), referral_id)
    if outcome is None:
        abort(404)
    done = partial(_back_to_referral, gettext("Sent to the next shelter."))
    return respond(
        outcome,
        as_json=Renderers(_json_sent, _json_refused),
        as_page=Renderers(done, _refused, first_error_response),
    )


def _json_refused(refused: ActionRefused) -> Response:
    return json_response(refused_answer(refused).model_dump(), 409)


def _refused(refused: ActionRefused) -> Response:
    return error_response(409, refused.message)
