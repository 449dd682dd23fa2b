"""The page of one step, with an error message next to each wrong answer."""

from collections.abc import Mapping

from flask import Response, abort, request
from flask_babel import gettext

from app.audit.actions import record_audit
from app.field_errors import FIELD_ERRORS, FieldError
from app.i18n import language
from app.places.vocabulary import programme
from app.returns.actions.append_step import StepRefusal
from app.returns.actions.record_stage import actor_of
from app.returns.forms import labels
from app.returns.forms.steps import STEP_FORMS
from app.returns.queries.requests import RequestRow, StepRow
from app.returns.rules import available_actions, workflow
from app.returns.rules.request_state import RequestState
from app.returns.views.blueprint import blueprint, get_own_request
from app.returns.views.request_page import TEMPLATE_LISTS, request_context
from app.returns.vocabulary import texts
from app.web.access import allow, principal
from app.web.pages import render_page, set_preference_cookie


@blueprint.get("/<reference>/<action>")
@allow("see_returns", audited=True)
def step(reference: str, action: str) -> Response:
    """The page of a step; 409 with the reason if it cannot be recorded now, 403 if the role never records it."""
    if action not in STEP_FORMS:
        abort(404)
    return _step_page(reference, action, {})


@blueprint.post("/<reference>/<action>/again")
@allow("see_returns", audited=True)
def redraw_step(reference: str, action: str) -> Response:
    """The page of a step with the answers so far, in another language; nothing is stored."""
    locale = request.form.get("switch_locale", "")
    if action not in STEP_FORMS:
        abort(404)
    if locale not in language.LOCALES:
        return _step_page(reference, action, {})
    language.switch_locale(locale)
    response = _step_page(reference, action, {})
    set_preference_cookie(response, language.LOCALE_COOKIE, locale)
    return response


def render_step_refusal(reference: str, action: str, refusal: StepRefusal) -> Response:
    """Render the page of a step with the answers sent and why it cannot be recorded now: 409."""
    return _step_page(reference, action, {"": refusal.message}, 409)


def render_step_errors(reference: str, action: str, errors: list[FieldError]) -> Response:
    """Render the page of a step with the answers sent and their errors: 422."""
    messages: dict[str, str] = {}
    for error in errors:
        messages.setdefault(error.field.partition(".")[0], error.message)
    return _step_page(reference, action, messages, 422)


def _step_page(
    reference: str, action: str, errors: Mapping[str, str], status: int = 200
) -> Response:
    return_request, steps, state = get_own_request(reference)
    subject = f"return:{return_request.display_reference}"
    record_audit(principal().account_id, "return_read", subject, return_request.country)
    form, refusal = STEP_FORMS[action], _refusal_message(return_request, state, action)
    context = request_context(return_request, state) | TEMPLATE_LISTS
    context |= {"form": form, "action": action, "errors": errors, "refusal": refusal}
    if refusal:
        is_own = available_actions.is_action_of(action, actor_of(principal()))
        return render_page("returns/step_refused.html", 409 if is_own else 403, **context)
    values = _values(return_request, steps, state, action)
    context |= {"fields": labels.field_states(action, values, state)}
    context["spoken_languages"] = _spoken_languages(return_request.country)
    if form.text_part:
        context["text"] = texts.text(texts.current(), form.text_part, language.current_locale())
    return render_page("returns/step.html", status, **context)


def _spoken_languages(country: str) -> list[tuple[str, str]]:
    """Return every spoken language with its name, those of the country first."""
    usual = [(code, language.language_name(code)) for code in programme()[country].languages]
    return usual + [
        pair for pair in language.languages_by_name(language.current_locale()) if pair not in usual
    ]


def _refusal_message(return_request: RequestRow, state: RequestState, action: str) -> str:
    """Return why this account cannot record an action now, as a sentence; empty if it can."""
    actor = actor_of(principal())
    if not available_actions.is_action_of(action, actor):
        if actor == workflow.DESK:
            return str(gettext("The supervisor of the country records this."))
        return str(gettext("The desk records this."))
    refusal_code = available_actions.action_refusal(state, action, actor, return_request.today)
    return str(gettext(FIELD_ERRORS[refusal_code].label)) if refusal_code else ""


def _values(
    return_request: RequestRow, steps: list[StepRow], state: RequestState, action: str
) -> dict[str, object]:
    if request.form:
        return labels.values_from_form(action, request.form)
    everybody = {f"{sex}-{band}": n for sex, band, n in return_request.persons}
    defaults = labels.default_values(state, steps, return_request.today)
    return defaults | {"persons": defaults["persons"] or everybody}
