"""What is recorded of a request: by programs and by the pages of the steps."""

from collections.abc import Callable
from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext

from app.db.session import Session, db
from app.field_errors import NotFound, FieldError, errors_response
from app.returns.actions import record_stage, stop_resume_close
from app.returns.actions.append_step import Moved, Refused
from app.returns.actions.record_stage import Said, actor_of
from app.returns.forms.payloads import parse_step, step_payload_from_form
from app.returns.forms.steps import STEPS
from app.returns.queries.requests import RequestRow
from app.returns.rules import stages
from app.returns.rules.available_actions import is_action_of
from app.returns.rules.stages import CLOSE, RESUME, STOP, WITHDRAW
from app.returns.views.blueprint import blueprint, refused, parse_reference_or_404, told
from app.returns.views.steps import render_step_errors
from app.web.access import Principal, allow, principal
from app.web.pages import redirect_or_json, flash_message
from app.web.requests import is_form, read_json, wants_json

Turning = Callable[[Session, Principal, str, Said], Moved]
TURNS: dict[str, Turning] = {
    STOP: stop_resume_close.stop,
    RESUME: stop_resume_close.resume,
    CLOSE: stop_resume_close.close,
    WITHDRAW: lambda session, by, reference, _: stop_resume_close.withdraw(session, by, reference),
}


@blueprint.post("/<reference>/<act>")
@allow("see_returns")
def do(reference: str, act: str) -> Any:
    """Records a step or turn: 200, 403 where it is not this role's, 409 naming the gate, 422 with what is wrong."""
    act = CLOSE if act == stages.CLOSED else act
    if act not in STEPS:
        abort(404)
    if not is_action_of(act, actor_of(principal())):
        abort(403)
    signs = parse_reference_or_404(reference)
    said, problems = parse_step(act, _raw(act))
    moved = _move(signs, act, said) if not problems else _unread(signs, act, problems)
    if moved is None:
        raise NotFound("unknown_request")
    return _answer(reference, act, moved)


def _raw(act: str) -> dict[str, Any]:
    if is_form():
        return step_payload_from_form(act, request.form)
    return read_json() if request.content_length else {}


def _move(signs: str, act: str, said: Said) -> Moved:
    session, by = db.session(), principal()
    if act in TURNS:
        return TURNS[act](session, by, signs, said)
    return record_stage.record(session, by, signs, act, said)


def _unread(signs: str, act: str, problems: list[FieldError]) -> Moved:
    return record_stage.refuse_unreadable(db.session(), principal(), signs, act, problems)


def _answer(reference: str, act: str, moved: RequestRow | Refused | list[FieldError]) -> Any:
    if isinstance(moved, list):
        return errors_response(moved) if not is_form() else render_step_errors(reference, act, moved)
    if isinstance(moved, Refused):
        return refused(moved) if not is_form() else render_step_errors(reference, act, moved)
    if wants_json():
        return told(moved)
    flash_message(gettext("Done."))
    return redirect_or_json(url_for("returns.read", reference=moved.shown))
