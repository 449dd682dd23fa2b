"""One request: its page, and its JSON."""

from flask import Response

from app.audit.actions import record_audit
from app.returns.queries.requests import RequestRow, StepRow
from app.returns.rules import stages
from app.returns.rules.gates import open_gates
from app.returns.rules.request_state import RequestState
from app.returns.schemas.answers import ReturnAnswer, StageAnswer
from app.returns.views.blueprint import blueprint, get_own_request
from app.returns.views.request_page import render_request_page
from app.returns.vocabulary import texts
from app.web.access import allow, principal
from app.web.openapi.describe import describe
from app.web.relative_time import utc_iso
from app.web.requests import wants_json
from app.web.responses import json_response


@blueprint.get("/<reference>")
@allow("see_returns", audited=True)
@describe(answers={200: ReturnAnswer})
def read(reference: str) -> Response:
    """Return a request with its steps, open gates and next actions; reading it leaves an audit entry."""
    request, steps, state = get_own_request(reference)
    subject = f"return:{request.display_reference}"
    record_audit(principal().account_id, "return_read", subject, request.country)
    if wants_json():
        return json_response(_answer(request, steps, state).model_dump())
    return render_request_page(request, steps, state)


def _answer(request: RequestRow, steps: list[StepRow], state: RequestState) -> ReturnAnswer:
    """Return the promised answer (outside.md); without the group's composition."""
    stop_actions = (stages.STOP, stages.RESUME)
    return ReturnAnswer(
        reference=request.display_reference,
        stage=request.stage,
        version=request.version,
        open_gates=open_gates(state, request.today),
        stages=[_stage(step) for step in steps if step.action not in stop_actions],
        stops=[_stage(step) for step in steps if step.action in stop_actions],
        closing_reason=request.closing_reason or None,
        consent_until=state.consent_until.isoformat() if state.consent_until else None,
        text_version=texts.current(),
    )


def _stage(step: StepRow) -> StageAnswer:
    closes = step.action in (stages.WITHDRAW, stages.CLOSE)
    stage = stages.CLOSED if closes else step.action
    return StageAnswer(stage=stage, at=utc_iso(step.recorded_at), by_role=step.role)
