"""The page of one request, and the template context that all pages of a request share."""

from dataclasses import dataclass
from datetime import date

from flask import Response

from app.codelists.shared_codelists import AGE_BANDS, SEXES
from app.field_errors import FIELD_ERRORS
from app.returns import vocabulary
from app.returns.actions.record_stage import actor_of
from app.returns.forms import labels
from app.returns.forms.steps import STEP_FORMS
from app.returns.queries.lists import SOON
from app.returns.queries.requests import RequestRow, StepRow
from app.returns.rules import available_actions, closing, stages, workflow
from app.returns.rules.request_state import RequestState
from app.returns.vocabulary import OTHER_ACTIONS, PROGRESS, STAGES
from app.staff.vocabulary import ROLES
from app.web.access import principal
from app.web.pages import render_page

DONE, CURRENT, AHEAD = "done", "now", "ahead"
TEMPLATE_LISTS: dict[str, object] = {
    "vocabulary": vocabulary,
    "ROLES": ROLES,
    "FIELD_ERRORS": FIELD_ERRORS,
    "SEXES": SEXES,
    "AGE_BANDS": AGE_BANDS,
    "STEP_FORMS": STEP_FORMS,
    "stages": stages,
    "labels": labels,
}
"""Code lists and labels that the templates of a request read."""


@dataclass(frozen=True)
class Progress:
    """The progress of a request: each step of PROGRESS with done, now or ahead.

    `current` is the code of the step in progress and `number` its number from 1; if no step is in progress,
    `current` is empty and `number` counts the steps done.
    """

    steps: list[tuple[str, str]]
    number: int
    current: str


@dataclass(frozen=True)
class TimelineEntry:
    """One step of the timeline; whether it repeats an earlier one, and whether a later one replaces it."""

    step: StepRow
    is_repeated: bool
    is_replaced: bool


def progress_of(state: RequestState) -> Progress:
    """Return the progress of a request; a closed one keeps the progress it had."""
    recorded = (*state.recorded_actions, stages.ENQUIRY)
    reached = max(stages.position(action) for action in recorded if action in STAGES)
    unfinished = _unfinished_check(state)
    done = [
        step
        for step in PROGRESS.codes
        if stages.position(step) <= reached and step not in unfinished
    ]
    ahead = [step for step in PROGRESS.codes if step not in done]
    current = ahead[0] if ahead and not state.is_closed else ""
    marks = [
        (step, DONE if step in done else CURRENT if step == current else AHEAD)
        for step in PROGRESS.codes
    ]
    return Progress(marks, len(done) + bool(current), current)


def _unfinished_check(state: RequestState) -> frozenset[str]:
    """Return the check until voluntariness is established, else nothing; a stop before the hand-over reopens it."""
    is_unfinished = state.is_stopped or not state.is_voluntary
    is_before_hand_over = stages.HANDED_OVER not in state.recorded_actions
    return frozenset({stages.CHECK}) if is_unfinished and is_before_hand_over else frozenset()


def render_request_page(
    return_request: RequestRow, steps: list[StepRow], state: RequestState
) -> Response:
    """Render the page of a request: its state, the next actions, and everything that was recorded."""
    today = return_request.today
    context = request_context(return_request, state) | _available_actions(state, today)
    context |= {"waits_for": workflow.waits_for(state, today), "entries": _entries(steps)}
    context |= {"gates": available_actions.gates_before_next_step(state, today)}
    return render_page("returns/request.html", 200, **context, **TEMPLATE_LISTS)


def request_context(return_request: RequestRow, state: RequestState) -> dict[str, object]:
    """Return the template context of every page of a request: its state, progress, withdrawal and sheets."""
    today = return_request.today
    return {
        "return_request": return_request,
        "state": state,
        "today": today,
        "progress": progress_of(state),
        "may_withdraw": not closing.withdrawal_refusal(state),
        "has_consent_sheet": _has_sheet(state, stages.CONSENT, today),
        "has_hand_over_sheet": _has_sheet(state, stages.HANDED_OVER, today),
    }


def _has_sheet(state: RequestState, stage: str, today: date) -> bool:
    """Whether the printed sheet of a stage is of use: before departure, once the stage is recorded or can be."""
    if state.is_closed or state.has_departed:
        return False
    return stage in state.recorded_actions or not workflow.stage_refusal(state, stage, today)


def _available_actions(state: RequestState, today: date) -> dict[str, object]:
    """Return the actions that the reader may take now, by their place on the page."""
    actor = actor_of(principal())
    may = {
        action: available_actions.may_record(state, action, actor, today)
        for action in OTHER_ACTIONS.codes
    }
    next_action = available_actions.next_action(state, actor, today)
    repeatable = available_actions.repeatable_actions(state, actor, today)
    is_expiring = available_actions.is_consent_expiring(state, today, SOON)
    renews_consent = is_expiring and stages.CONSENT in repeatable and next_action != stages.CONSENT
    offered = {next_action, stages.CONSENT} if renews_consent else {next_action}
    return {
        "may": may,
        "next_action": next_action,
        "renews_consent": renews_consent,
        "alternatives": available_actions.alternative_actions(state, actor, today),
        "repeatable": [action for action in repeatable if action not in offered],
    }


def _entries(steps: list[StepRow]) -> list[TimelineEntry]:
    """Return the timeline, the latest step first."""
    actions = [step.action for step in steps]
    return [
        TimelineEntry(
            step,
            step.action in stages.REPEATABLE and step.action in actions[:position],
            step.action in stages.REPEATABLE and step.action in actions[position + 1 :],
        )
        for position, step in reversed(list(enumerate(steps)))
    ]
