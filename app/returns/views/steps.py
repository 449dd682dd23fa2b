"""The page of one step: one thing at a time, with what is wrong beside each answer."""

from collections.abc import Mapping
from typing import Any

from flask import Response, abort, request
from flask_babel import gettext

from app.audit.actions import record_audit
from app.field_errors import FIELD_ERRORS, FieldError
from app.i18n import language
from app.places.vocabulary import programme
from app.returns.actions.append_step import Refused
from app.returns.actions.record_stage import actor_of
from app.returns.forms import labels
from app.returns.forms.steps import STEPS
from app.returns.queries.requests import RequestRow, StepRow
from app.returns.rules import available_actions, workflow
from app.returns.rules.request_state import RequestState
from app.returns.views.blueprint import blueprint, own
from app.returns.views.request_page import WORDS, frame
from app.returns.vocabulary import texts
from app.web.access import allow, principal
from app.web.pages import page, set_preference_cookie


@blueprint.get("/<reference>/<act>")
@allow("see_returns", audited=True)
def step(reference: str, act: str) -> Response:
    """The page of a step or turn; 409 with why where it cannot be recorded now, 403 where the role never does."""
    if act not in STEPS:
        abort(404)
    return _page(reference, act, {})


@blueprint.post("/<reference>/<act>/again")
@allow("see_returns", audited=True)
def redraw_step(reference: str, act: str) -> Response:
    """The page of a step with what was ticked so far, in another language; nothing is stored."""
    chosen = request.form.get("switch_locale", "")
    if act not in STEPS:
        abort(404)
    if chosen not in language.LOCALES:
        return _page(reference, act, {})
    language.switch(chosen)
    answer = _page(reference, act, {})
    set_preference_cookie(answer, language.COOKIE, chosen)
    return answer


def render_step_errors(reference: str, act: str, why: Refused | list[FieldError]) -> Response:
    """The page of a step with what was sent and what is wrong with it: 422, or 409 where a gate keeps it."""
    if isinstance(why, Refused):
        return _page(reference, act, {"": gettext(FIELD_ERRORS[why.code].label)}, 409)
    wrong: dict[str, str] = {}
    for one in why:
        wrong.setdefault(one.field.partition(".")[0], one.message)
    return _page(reference, act, wrong, 422)


def _page(reference: str, act: str, wrong: Mapping[str, str], status: int = 200) -> Response:
    found, steps, state = own(reference)
    record_audit(principal().account_id, "return_read", f"return:{found.shown}", found.country)
    kept = _kept(found, state, act)
    facts = frame(found, state) | {"form": STEPS[act], "act": act, "wrong": wrong, "kept": kept}
    if kept:
        is_ever = available_actions.is_action_of(act, actor_of(principal()))
        return page("returns/kept.html", 409 if is_ever else 403, **facts, **WORDS)
    facts |= {"fields": labels.field_states(act, _known(found, steps, state, act), state)}
    facts["languages_spoken"] = _spoken_at(found.country)
    if STEPS[act].text:
        facts["text"] = texts.text(texts.current(), STEPS[act].text, language.selected())
    return page("returns/step.html", status, **facts, **WORDS)


def _spoken_at(country: str) -> list[tuple[str, str]]:
    """Every spoken language with its name, those of the country first."""
    own_ones = [(code, language.language(code)) for code in programme()[country].languages]
    return own_ones + [one for one in language.spoken(language.selected()) if one not in own_ones]


def _kept(found: RequestRow, state: RequestState, act: str) -> str:
    """Why this account cannot record a step now, as a sentence; empty where it can."""
    side = actor_of(principal())
    if not available_actions.is_action_of(act, side):
        if side == workflow.DESK:
            return str(gettext("The supervisor of the country records this."))
        return str(gettext("The desk records this."))
    refused = available_actions.action_refusal(state, act, side, found.today)
    return str(gettext(FIELD_ERRORS[refused].label)) if refused else ""


def _known(found: RequestRow, steps: list[StepRow], state: RequestState, act: str) -> dict[str, Any]:
    if request.form:
        return labels.typed(act, request.form)
    everybody = {f"{sex}-{band}": n for sex, band, n in found.persons}
    usual = labels.usual(state, steps, found.today)
    return usual | {"persons": usual["persons"] or everybody}
