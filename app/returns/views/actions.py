"""Record a stage or another action on a request: from JSON, and from the pages of the steps."""

from collections.abc import Callable
from functools import partial

from flask import abort, redirect, request, url_for
from flask_babel import gettext
from werkzeug import Response

from app.db.session import Session, db
from app.json_object import JsonObject
from app.returns.actions import record_stage, stop_resume_close
from app.returns.actions.append_step import StepOutcome, StepRefusal
from app.returns.actions.record_stage import StepInput, actor_of
from app.returns.forms.form_fields import step_from_form
from app.returns.forms.steps import STEP_FORMS
from app.returns.queries.requests import RequestRow
from app.returns.rules import stages
from app.returns.rules.available_actions import is_action_of
from app.returns.rules.stages import CLOSE, RESUME, STOP, WITHDRAW
from app.returns.schemas.answers import StepAnswer, StepRefusedAnswer
from app.returns.schemas.bodies import STEP_BODIES, parse_step
from app.returns.views.blueprint import blueprint, parse_reference_or_404
from app.returns.views.steps import render_step_errors, render_step_refusal
from app.web.access import Principal, allow, principal
from app.web.openapi.describe import Operation, describe_each
from app.web.outcomes import Renderers, respond
from app.web.pages import flash_message
from app.web.requests import is_form, read_json
from app.web.responses import json_response

ActionHandler = Callable[[Session, Principal, str, StepInput], StepOutcome]
HANDLERS: dict[str, ActionHandler] = {
    STOP: stop_resume_close.stop,
    RESUME: stop_resume_close.resume,
    CLOSE: stop_resume_close.close,
    WITHDRAW: lambda session, account, reference, _: stop_resume_close.withdraw(
        session, account, reference
    ),
}
OPERATIONS = {
    action: Operation(
        answers={200: StepAnswer, 409: StepRefusedAnswer},
        body=body,
        is_body_optional=action == WITHDRAW,
        summary=f"Record: {STEP_FORMS[action].heading}.",
    )
    for action, body in STEP_BODIES.items()
}


@blueprint.post("/<reference>/<action>")
@allow("see_returns")
@describe_each("action", OPERATIONS)
def record_action(reference: str, action: str) -> Response:
    """Record an action: 200, 403 for another role's action, 409 naming the gate, 422 with the field errors."""
    action = CLOSE if action == stages.CLOSED else action
    if action not in STEP_FORMS:
        abort(404)
    if not is_action_of(action, actor_of(principal())):
        abort(403)
    code = parse_reference_or_404(reference)
    outcome = _record(code, action, parse_step(action, _read_step(action)))
    page = Renderers(
        _redirect_to_request,
        partial(render_step_refusal, reference, action),
        partial(render_step_errors, reference, action),
    )
    return respond(outcome, as_json=Renderers(_json_step, _json_refused), as_page=page)


def _read_step(action: str) -> JsonObject:
    if is_form():
        return step_from_form(action, request.form)
    return read_json() if request.content_length else {}


def _record(code: str, action: str, step: StepInput) -> StepOutcome:
    session, account = db.session(), principal()
    if step.errors:
        return record_stage.refuse_unreadable(session, account, code, action, step)
    if action in HANDLERS:
        return HANDLERS[action](session, account, code, step)
    return record_stage.record_stage(session, account, code, action, step)


def _json_step(return_request: RequestRow) -> Response:
    answer = StepAnswer(
        reference=return_request.display_reference,
        stage=return_request.stage,
        version=return_request.version,
    )
    return json_response(answer.model_dump())


def _json_refused(refusal: StepRefusal) -> Response:
    answer = StepRefusedAnswer(
        stage=refusal.stage,
        problem=refusal.code,
        version=refusal.version,
        message=refusal.message,
    )
    return json_response(answer.model_dump(), 409)


def _redirect_to_request(return_request: RequestRow) -> Response:
    flash_message(gettext("Done."))
    return redirect(url_for("returns.read", reference=return_request.display_reference))
