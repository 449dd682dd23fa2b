"""Create return requests and record their steps; a call names only what its test is about."""

from typing import Any
from uuid import uuid4

from app.cases.actions.returns import open_return
from app.db.session import db, unit_of_work
from app.returns.actions import record_stage, stop_resume_close
from app.returns.queries.requests import RequestRow
from app.returns.rules.stages import CLOSE, RESUME, STOP, WITHDRAW
from app.returns.schemas.bodies import parse_new_request, parse_step
from app.returns.vocabulary import texts
from app.web.access import Principal
from app.web.outcomes import Accepted

WOMAN = {"sex": "female", "age_band": "age_25_59", "n": 1}
TEXT = {"language": "spa", "text_version": texts.current()}
DEFAULTS: dict[str, dict[str, Any]] = {
    "counselling": {"explained": ["asylum", "situation_at_home"], **TEXT},
    "consent_recorded": {
        "options_explained": True,
        "own_decision": True,
        "may_withdraw": True,
        **TEXT,
    },
    "voluntariness_vulnerability_check": {
        "free_choice": "yes",
        "informed_decision": "yes",
        "text_version": texts.current(),
    },
    "best_interests_process": {
        "authority": "child_protection_authority",
        "decision": "yes",
        "family_assessed": True,
        "receiver_confirmed": True,
        "child_heard": True,
    },
    "fit_to_travel": {"fit": "yes"},
    "travel_arranged": {"transport_mode": "land"},
    "stop": {"signs": ["pressure"]},
    "resume": {"ground": "spoken_alone"},
}
"""What goes with each step if a test does not name it."""


def return_json(desk: str = "HND-01", **fields: Any) -> dict[str, Any]:
    """Return the JSON of one woman's request to return from Honduras to Nicaragua; `fields` replace the defaults."""
    defaults = {
        "id": str(uuid4()),
        "desk": desk,
        "from_consultation": None,
        "country_of_departure": desk[:3],
        "country_of_return": "NIC",
        "nationality": "NIC",
        "persons": [WOMAN],
        "child_alone": False,
    }
    return {**defaults, **fields}


def make_return(principal: Principal, desk: str = "HND-01", **fields: Any) -> RequestRow:
    """Return a request that was just opened."""
    parsed = parse_new_request(return_json(desk, **fields))
    assert not parsed.errors, parsed.errors
    with unit_of_work():
        outcome = open_return(db.session(), principal, parsed)
    db.session.remove()
    assert isinstance(outcome, Accepted), outcome
    return outcome.value.request


def record_action(
    request: RequestRow, principal: Principal, action: str, **fields: Any
) -> RequestRow:
    """Record one more step, or a stop, resumption, withdrawal or closing; return the request after it."""
    raw = {**DEFAULTS.get(action, {}), "version": request.version, **fields}
    parsed = parse_step(action, raw)
    assert not parsed.errors, parsed.errors
    stop_resume_close_actions = {
        STOP: stop_resume_close.stop,
        RESUME: stop_resume_close.resume,
        CLOSE: stop_resume_close.close,
    }
    with unit_of_work():
        session, reference = db.session(), request.reference
        if action == WITHDRAW:
            outcome = stop_resume_close.withdraw(session, principal, reference)
        elif action in stop_resume_close_actions:
            outcome = stop_resume_close_actions[action](session, principal, reference, parsed)
        else:
            outcome = record_stage.record_stage(session, principal, reference, action, parsed)
    db.session.remove()
    assert isinstance(outcome, Accepted), outcome
    return outcome.value
