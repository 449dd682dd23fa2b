"""The page of one step: one thing at a time, with what is wrong beside each answer."""

from collections.abc import Mapping
from typing import Any

from flask import Response, abort, request
from flask_babel import gettext

from app.audit.actions import note
from app.base.access import allow, principal
from app.base.pages import page
from app.base.problems import PROBLEMS, Problem
from app.returns.actions.moving import side_of
from app.returns.actions.writing import Refused
from app.returns.forms.steps import STEPS
from app.returns.rules import stages, way
from app.returns.views.blueprint import blueprint, own
from app.returns.views.showing import WORDS


@blueprint.get("/<reference>/<act>")
@allow("see_returns", audited=True)
def step(reference: str, act: str) -> Response:
    """The page of a step or turn."""
    if act not in STEPS:
        abort(404)
    return _page(reference, act, {})


def step_again(reference: str, act: str, why: Refused | list[Problem]) -> Response:
    """The page of a step with what was sent and what is wrong with it: 422, or 409 where a gate keeps it."""
    if isinstance(why, Refused):
        return _page(reference, act, {"": gettext(PROBLEMS[why.code].label)}, 409)
    wrong: dict[str, str] = {}
    for one in why:
        wrong.setdefault(one.field.partition(".")[0], one.sentence)
    return _page(reference, act, wrong, 422)


def _page(reference: str, act: str, wrong: Mapping[str, str], status: int = 200) -> Response:
    found, steps, standing = own(reference)
    note(principal().account_id, "return_read", f"return:{found.shown}", found.country)
    facts: dict[str, Any] = {"request": found, "steps": steps, "standing": standing}
    facts |= {"form": STEPS[act], "act": act, "wrong": wrong, "given": request.form}
    facts |= {"side": side_of(principal()), "way": way, "stages": stages}
    return page("returns/step.html", status, **facts, **WORDS)
