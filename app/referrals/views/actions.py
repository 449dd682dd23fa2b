"""Actions on a referral, by JSON or by the buttons of pages."""

from typing import Any
from uuid import UUID

from flask import abort, request, url_for
from flask_babel import gettext

from app.db.session import db
from app.field_errors import FIELD_ERRORS, FieldError, errors_response
from app.referrals.actions.action_context import ActionRefused
from app.referrals.actions.perform import ActionResult, perform
from app.referrals.forms.action_input import parse_action
from app.referrals.rules.states import ACTIONS
from app.referrals.views.blueprint import action_response, blueprint, refusal_response
from app.shelters.queries.shelters import list_own
from app.web.access import allow, principal
from app.web.pages import flash_message, redirect_or_json
from app.web.requests import is_form, read_json, safe_redirect_target, wants_json
from app.web.responses import error_response

ANSWER_PREFIX = "answers-"


@blueprint.post("/<uuid:referral_id>/<act>")
@allow("follow_referrals")
def perform_action(referral_id: UUID, act: str) -> Any:
    """Perform an action: 200, 409 with the state that does not allow it, 422 with the errors of its input."""
    if act not in ACTIONS:
        abort(404)
    shelters = list_own(db.session(), principal().scope)
    shelter_ids = {shelter.code: shelter.id for shelter in shelters}
    action_input, errors = parse_action(_raw_input(), shelter_ids)
    if errors:
        return _errors_response(errors)
    result = perform(db.session(), principal(), referral_id, act, action_input)
    if result is None:
        abort(404)
    return _result_response(result)


def _raw_input() -> dict[str, Any]:
    if not is_form():
        return read_json() if request.content_length else {}
    raw: dict[str, Any] = {
        name: request.form[name]
        for name in request.form
        if name not in ("csrf_token", "next", "questions") and not name.startswith(ANSWER_PREFIX)
    }
    if "questions" in request.form:
        raw["questions"] = request.form.getlist("questions")
    answers = {
        name.removeprefix(ANSWER_PREFIX): request.form[name]
        for name in request.form
        if name.startswith(ANSWER_PREFIX)
    }
    return raw | ({"answers": answers} if answers else {})


def _result_response(result: ActionResult | ActionRefused | list[FieldError]) -> Any:
    if isinstance(result, list):
        return _errors_response(result)
    if isinstance(result, ActionRefused):
        message = gettext(FIELD_ERRORS[result.code].label)
        return refusal_response(result) if wants_json() else error_response(409, message)
    if wants_json():
        return action_response(result)
    flash_message(gettext("Done."))
    detail_page = url_for("referrals.detail", referral_id=result.id)
    return redirect_or_json(safe_redirect_target(request.form.get("next"), detail_page))


def _errors_response(errors: list[FieldError]) -> Any:
    return errors_response(errors) if wants_json() else error_response(422, errors[0].message)
