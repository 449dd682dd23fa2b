"""Opens return requests: by programs and by the page; a consultation's people are carried over."""

from typing import Any

from flask import Response, jsonify, request, url_for
from flask_babel import gettext

from app.base import arrival
from app.base.access import allow, principal
from app.base.answers import problem
from app.base.database import db
from app.base.pages import go_to, say
from app.base.problems import PROBLEMS, Problem, refuse
from app.base.requests import is_form, sent_json, wants_json
from app.cases.actions import returning
from app.cases.views.blueprint import blueprint
from app.returns.actions.opening import Arrival, Second
from app.returns.forms.reading import new_of_form, read_new


@blueprint.post("/returns")
@allow("open_returns")
def open_return() -> Any:
    """Opens a request: 201 new, 200 same, 409 different or a second one of its consultation, 422 problems."""
    raw = new_of_form(request.form) if is_form() else sent_json()
    content, problems = read_new(raw)
    opened = problems or returning.open_return(db.session(), principal(), content)
    if isinstance(opened, list):
        return refuse(opened)
    return _told(opened) if wants_json() else _go_on(opened)


def _told(opened: Arrival | Second) -> Response:
    if isinstance(opened, Second):
        return _conflict("already_requested", opened.request.shown)
    if opened.request is None:
        return _conflict("not_this_request", None)
    one = opened.request
    said = {"reference": one.shown, "stage": one.stage, "version": one.version, "id": str(one.id)}
    answer = jsonify({**said, "arrival": opened.arrival})
    answer.status_code = 201 if opened.arrival == arrival.NEW else 200
    return answer


def _conflict(code: str, reference: str | None) -> Response:
    said = {"problem": code, "reference": reference, "message": gettext(PROBLEMS[code].label)}
    answer = jsonify(said)
    answer.status_code = 409
    return answer


def _go_on(opened: Arrival | Second) -> Any:
    if isinstance(opened, Second):
        return problem(409, Problem("", "already_requested").sentence)
    if opened.request is None:
        return problem(409, Problem("", "not_this_request").sentence)
    say(gettext("Opened. The reference is the only name it has: write it down for the person."))
    return go_to(url_for("returns.read", reference=opened.request.shown))
