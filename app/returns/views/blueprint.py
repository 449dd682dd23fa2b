"""The blueprint of returns, and how their JSON is written."""

from typing import Any

from flask import Blueprint, Response, jsonify
from flask_babel import gettext

from app.db.session import db
from app.field_errors import FIELD_ERRORS, NotFound
from app.returns.actions.append_step import Refused
from app.returns.queries import requests as reading
from app.returns.queries.requests import RequestRow, StepRow
from app.returns.rules import stages
from app.returns.rules.gates import open_gates
from app.returns.rules.references import parse_reference
from app.returns.rules.request_state import RequestState
from app.returns.vocabulary import texts
from app.web.access import principal

blueprint = Blueprint("returns", __name__, url_prefix="/returns")


def parse_reference_or_404(reference: str) -> str:
    """The five signs of a reference in an address; 404 with its sentence where it is mistyped."""
    signs = parse_reference(reference)
    if signs is None:
        raise NotFound("reference_mistyped")
    return signs


def own(reference: str) -> tuple[RequestRow, list[StepRow], RequestState]:
    """A request in the account's scope, its steps, and how it stands; 404 where there is none."""
    session = db.session()
    found = reading.find(session, principal().scope, parse_reference_or_404(reference))
    if found is None:
        raise NotFound("unknown_request")
    steps = reading.list_steps(session, [found])[found.id]
    return found, steps, reading.state_of(found, steps)


def request_json(request: RequestRow, steps: list[StepRow], state: RequestState) -> dict[str, Any]:
    """The promise of `GET /returns/<reference>` (outside.md); no composition."""
    return {
        "reference": request.shown,
        "stage": request.stage,
        "version": request.version,
        "open_gates": open_gates(state, request.today),
        "stages": [_step(one) for one in steps if one.action not in (stages.STOP, stages.RESUME)],
        "stops": [_step(one) for one in steps if one.action in (stages.STOP, stages.RESUME)],
        "closing_reason": request.closing_reason or None,
        "consent_until": state.consent_until.isoformat() if state.consent_until else None,
        "text_version": texts.current(),
    }


def _step(step: StepRow) -> dict[str, Any]:
    ended = step.action in (stages.WITHDRAW, stages.CLOSE)
    at = step.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"stage": stages.CLOSED if ended else step.action, "at": at, "by_role": step.role}


def told(request: RequestRow) -> Response:
    """The 200 of a step."""
    said = {"reference": request.shown, "stage": request.stage, "version": request.version}
    return jsonify(said)


def refused(why: Refused) -> Response:
    """The 409 of a step that a gate, the way or somebody else keeps."""
    sentence = gettext(FIELD_ERRORS[why.code].label)
    said = {"stage": why.stage, "problem": why.code, "version": why.version, "message": sentence}
    answer = jsonify(said)
    answer.status_code = 409
    return answer
