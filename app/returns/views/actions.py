"""Record a stage or another action on a request: from JSON, and from the pages of the steps."""

from collections.abc import Callable
from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext

from app.db.session import Session, db
from app.field_errors import FieldError, NotFound, errors_response
from app.returns.actions import record_stage, stop_resume_close
from app.returns.actions.append_step import StepOutcome, StepRefusal
from app.returns.actions.record_stage import StepInput, actor_of
from app.returns.forms.payloads import parse_step, step_payload_from_form
from app.returns.forms.steps import STEP_FORMS
from app.returns.queries.requests import RequestRow
from app.returns.rules import stages
from app.returns.rules.available_actions import is_action_of
from app.returns.rules.stages import CLOSE, RESUME, STOP, WITHDRAW
from app.returns.views.blueprint import (
    blueprint,
    parse_reference_or_404,
    refusal_response,
    step_response,
)
from app.returns.views.steps import render_step_errors
from app.web.access import Principal, allow, principal
from app.web.pages import flash_message, redirect_or_json
from app.web.requests import is_form, read_json, wants_json

ActionHandler = Callable[[Session, Principal, str, StepInput], StepOutcome]
HANDLERS: dict[str, ActionHandler] = {
    STOP: stop_resume_close.stop,
    RESUME: stop_resume_close.resume,
    CLOSE: stop_resume_close.close,
    WITHDRAW: lambda session, account, reference, _: stop_resume_close.withdraw(
        session, account, reference
    ),
}


@blueprint.post("/<reference>/<action>")
@allow("see_returns")
def record_action(reference: str, action: str) -> Any:
    """Record an action: 200, 403 for another role's action, 409 naming the gate, 422 with the field errors."""
    action = CLOSE if action == stages.CLOSED else action
    if action not in STEP_FORMS:
        abort(404)
    if not is_action_of(action, actor_of(principal())):
        abort(403)
    code = parse_reference_or_404(reference)
    step, errors = parse_step(action, _payload(action))
    outcome = _refuse_unreadable(code, action, errors) if errors else _record(code, action, step)
    if outcome is None:
        raise NotFound("unknown_request")
    return _response(reference, action, outcome)


def _payload(action: str) -> dict[str, Any]:
    if is_form():
        return step_payload_from_form(action, request.form)
    return read_json() if request.content_length else {}


def _record(code: str, action: str, step: StepInput) -> StepOutcome:
    session, account = db.session(), principal()
    if action in HANDLERS:
        return HANDLERS[action](session, account, code, step)
    return record_stage.record_stage(session, account, code, action, step)


def _refuse_unreadable(code: str, action: str, errors: list[FieldError]) -> StepOutcome:
    return record_stage.refuse_unreadable(db.session(), principal(), code, action, errors)


def _response(
    reference: str, action: str, outcome: RequestRow | StepRefusal | list[FieldError]
) -> Any:
    if not isinstance(outcome, RequestRow) and is_form():
        return render_step_errors(reference, action, outcome)
    if isinstance(outcome, list):
        return errors_response(outcome)
    if isinstance(outcome, StepRefusal):
        return refusal_response(outcome)
    if wants_json():
        return step_response(outcome)
    flash_message(gettext("Done."))
    return redirect_or_json(url_for("returns.read", reference=outcome.display_reference))
