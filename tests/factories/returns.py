"""Makes return requests and walks them on, saying only what a test is about."""

from typing import Any
from uuid import uuid4

from app.cases.actions.returns import open_return
from app.db.session import db, unit_of_work
from app.returns.actions import record_stage, stop_resume_close
from app.returns.actions.create import ReturnIntake
from app.returns.forms.payloads import parse_new_request, parse_step
from app.returns.queries.requests import RequestRow
from app.returns.rules.stages import CLOSE, RESUME, STOP, WITHDRAW
from app.returns.vocabulary import texts
from app.web.access import Principal

WOMAN = {"sex": "female", "age_band": "age_25_59", "n": 1}
TEXT = {"language": "spa", "text_version": texts.current()}
USUAL: dict[str, dict[str, Any]] = {
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
"""What goes with each step where a test does not say it."""


def return_json(desk: str = "HND-01", **said: Any) -> dict[str, Any]:
    """The JSON of one woman who asks at a desk in Honduras to return to Nicaragua; `said` replaces fields."""
    usual = {
        "id": str(uuid4()),
        "desk": desk,
        "from_consultation": None,
        "country_of_departure": desk[:3],
        "country_of_return": "NIC",
        "nationality": "NIC",
        "persons": [WOMAN],
        "child_alone": False,
    }
    return {**usual, **said}


def make_return(by: Principal, desk: str = "HND-01", **said: Any) -> RequestRow:
    """A request as it was just opened."""
    content, problems = parse_new_request(return_json(desk, **said))
    assert not problems, problems
    with unit_of_work():
        opened = open_return(db.session(), by, content)
    db.session.remove()
    assert isinstance(opened, ReturnIntake) and opened.request is not None, opened
    return opened.request


def move(request: RequestRow, by: Principal, act: str, **said: Any) -> RequestRow:
    """The request after one more step or turn."""
    raw = {**USUAL.get(act, {}), "version": request.version, **said}
    fields, problems = parse_step(act, raw)
    assert not problems, problems
    turns = {
        STOP: stop_resume_close.stop,
        RESUME: stop_resume_close.resume,
        CLOSE: stop_resume_close.close,
    }
    with unit_of_work():
        session, reference = db.session(), request.reference
        if act == WITHDRAW:
            moved = stop_resume_close.withdraw(session, by, reference)
        elif act in turns:
            moved = turns[act](session, by, reference, fields)
        else:
            moved = record_stage.record_stage(session, by, reference, act, fields)
    db.session.remove()
    assert isinstance(moved, RequestRow), moved
    return moved
