"""Actions on a referral, by JSON or by the buttons of pages."""

from uuid import UUID

from flask import abort, request, url_for
from flask_babel import gettext
from werkzeug import Response

from app.db.session import db
from app.referrals.actions.action_context import ActionRefused
from app.referrals.actions.perform import ActionOutcome, ActionResult, perform
from app.referrals.forms.form_fields import action_from_form
from app.referrals.schemas.action_bodies import ACTION_BODIES, parse_action
from app.referrals.schemas.answers import (
    ReferralActionAnswer,
    ReferralRefusedAnswer,
    refused_answer,
)
from app.referrals.views.blueprint import blueprint
from app.shelters.queries.shelters import list_own
from app.web.access import allow, principal
from app.web.form_errors import first_error_response
from app.web.openapi.describe import Operation, describe_each
from app.web.outcomes import Invalid, Renderers, respond
from app.web.pages import flash_message, redirect_or_json
from app.web.requests import is_form, read_body, safe_redirect_target
from app.web.responses import error_response, json_response

SUMMARIES = {
    "seen": "Mark a referral as seen by an own shelter.",
    "accept": "Accept a referral: the beds are held.",
    "undo": "Take an acceptance back, within seconds.",
    "decline": "Decline a referral with a reason.",
    "waitlist": "Put a referral on the waiting list.",
    "request-info": "Ask the desk about the group.",
    "answer-info": "Answer the questions of the shelters.",
    "arrive": "Record that the group has arrived.",
    "no-show": "Record that the group did not come.",
    "complete": "Record that the service was provided.",
    "cancel": "Cancel a referral: the beds are released.",
}
OPERATIONS = {
    action: Operation(
        answers={200: ReferralActionAnswer, 409: ReferralRefusedAnswer},
        body=body,
        is_body_optional=True,
        summary=SUMMARIES[action],
    )
    for action, body in ACTION_BODIES.items()
}


@blueprint.post("/<uuid:referral_id>/<action>")
@allow("follow_referrals")
@describe_each("action", OPERATIONS)
def perform_action(referral_id: UUID, action: str) -> Response:
    """Perform an action: 200, 409 with the state that does not allow it, 422 with the errors of its input."""
    if action not in ACTION_BODIES:
        abort(404)
    outcome = _perform(referral_id, action)
    if outcome is None:
        abort(404)
    return respond(
        outcome,
        as_json=Renderers(_json_done, _json_refused),
        as_page=Renderers(_done, _refused, first_error_response),
    )


def _perform(referral_id: UUID, action: str) -> ActionOutcome | None:
    raw = read_body(action_from_form) if is_form() or request.content_length else {}
    shelters = list_own(db.session(), principal().scope)
    shelter_ids = {shelter.code: shelter.id for shelter in shelters}
    action_input, errors = parse_action(action, raw, shelter_ids)
    if errors:
        return Invalid(errors)
    return perform(db.session(), principal(), referral_id, action, action_input)


def _json_done(result: ActionResult) -> Response:
    answer = ReferralActionAnswer(id=str(result.id), state=result.state, version=result.version)
    return json_response(answer.model_dump())


def _json_refused(refused: ActionRefused) -> Response:
    return json_response(refused_answer(refused).model_dump(), 409)


def _done(result: ActionResult) -> Response:
    flash_message(gettext("Done."))
    detail_page = url_for("referrals.detail", referral_id=result.id)
    return redirect_or_json(safe_redirect_target(request.form.get("next"), detail_page))


def _refused(refused: ActionRefused) -> Response:
    return error_response(409, refused.message)
