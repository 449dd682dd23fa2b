"""The blueprint of return requests, and their JSON."""

from typing import Any

from flask import Blueprint, Response, jsonify
from flask_babel import gettext

from app.db.session import db
from app.field_errors import FIELD_ERRORS, NotFound
from app.returns.actions.append_step import StepRefusal
from app.returns.queries import requests as queries
from app.returns.queries.requests import RequestRow, StepRow
from app.returns.rules import stages
from app.returns.rules.gates import open_gates
from app.returns.rules.references import parse_reference
from app.returns.rules.request_state import RequestState
from app.returns.vocabulary import texts
from app.web.access import principal
from app.web.relative_time import utc_iso

blueprint = Blueprint("returns", __name__, url_prefix="/returns")


def parse_reference_or_404(reference: str) -> str:
    """Return the five characters of a reference in a URL. Raises NotFound if it is mistyped."""
    code = parse_reference(reference)
    if code is None:
        raise NotFound("reference_mistyped")
    return code


def get_own_request(reference: str) -> tuple[RequestRow, list[StepRow], RequestState]:
    """Return a request in the account's scope, its steps and its state. Raises NotFound if there is none."""
    session, code = db.session(), parse_reference_or_404(reference)
    request = queries.find_request(session, principal().scope, code)
    if request is None:
        raise NotFound("unknown_request")
    steps = queries.list_steps(session, [request])[request.id]
    return request, steps, queries.state_of(request, steps)


def request_json(request: RequestRow, steps: list[StepRow], state: RequestState) -> dict[str, Any]:
    """Return the promised JSON of `GET /returns/<reference>` (outside.md); without the group's composition."""
    stop_actions = (stages.STOP, stages.RESUME)
    return {
        "reference": request.display_reference,
        "stage": request.stage,
        "version": request.version,
        "open_gates": open_gates(state, request.today),
        "stages": [_step_json(step) for step in steps if step.action not in stop_actions],
        "stops": [_step_json(step) for step in steps if step.action in stop_actions],
        "closing_reason": request.closing_reason or None,
        "consent_until": state.consent_until.isoformat() if state.consent_until else None,
        "text_version": texts.current(),
    }


def _step_json(step: StepRow) -> dict[str, Any]:
    closes = step.action in (stages.WITHDRAW, stages.CLOSE)
    at = utc_iso(step.recorded_at)
    return {"stage": stages.CLOSED if closes else step.action, "at": at, "by_role": step.role}


def step_response(request: RequestRow) -> Response:
    """Return the 200 response to a recorded step."""
    content = {
        "reference": request.display_reference,
        "stage": request.stage,
        "version": request.version,
    }
    return jsonify(content)


def refusal_response(refusal: StepRefusal) -> Response:
    """Return the 409 response to a step refused by a gate, the workflow or a newer version."""
    content = {
        "stage": refusal.stage,
        "problem": refusal.code,
        "version": refusal.version,
        "message": gettext(FIELD_ERRORS[refusal.code].label),
    }
    response = jsonify(content)
    response.status_code = 409
    return response
