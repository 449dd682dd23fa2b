"""What is done with a referral: by programs and by the buttons of pages."""

from typing import Any
from uuid import UUID

from flask import abort, request, url_for
from flask_babel import gettext

from app.db.session import db
from app.field_errors import PROBLEMS, Problem, refuse
from app.referrals.actions import answering
from app.referrals.actions.answering import Done
from app.referrals.actions.turn import Refused
from app.referrals.forms import acting
from app.referrals.rules.states import ACTS
from app.referrals.views.blueprint import blueprint, refused, told
from app.shelters.queries.shelters import list_own
from app.web.access import allow, principal
from app.web.pages import go_to, say
from app.web.requests import is_form, own_path, sent_json, wants_json
from app.web.responses import problem as plain_problem


@blueprint.post("/<uuid:referral_id>/<act>")
@allow("follow_referrals")
def do(referral_id: UUID, act: str) -> Any:
    """Does an act: 200, 409 with the state that does not allow it, 422 with what is wrong."""
    if act not in ACTS:
        abort(404)
    raw = _raw()
    codes = {one.code: one.id for one in list_own(db.session(), principal().scope)}
    said, problems = acting.read(raw, codes)
    if problems:
        return _wrong(problems)
    done = answering.act(db.session(), principal(), referral_id, act, said)
    if done is None:
        abort(404)
    return _answer(done)


def _raw() -> dict[str, Any]:
    if not is_form():
        return sent_json() if request.content_length else {}
    raw: dict[str, Any] = {
        name: request.form[name]
        for name in request.form
        if name not in ("csrf_token", "next", "questions") and not name.startswith("answers-")
    }
    if "questions" in request.form:
        raw["questions"] = request.form.getlist("questions")
    answers = {name[8:]: request.form[name] for name in request.form if name.startswith("answers-")}
    return raw | ({"answers": answers} if answers else {})


def _answer(done: Done | Refused | list[Problem]) -> Any:
    if isinstance(done, list):
        return _wrong(done)
    if isinstance(done, Refused):
        sentence = gettext(PROBLEMS[done.code].label)
        return refused(done) if wants_json() else plain_problem(409, sentence)
    if wants_json():
        return told(done)
    say(gettext("Done."))
    return go_to(own_path(request.form.get("next"), url_for("referrals.read", referral_id=done.id)))


def _wrong(problems: list[Problem]) -> Any:
    return refuse(problems) if wants_json() else plain_problem(422, problems[0].sentence)
