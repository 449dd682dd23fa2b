"""Record or correct a stage of a request: gates, actor and version are checked under one lock."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.field_errors import FieldError
from app.returns.actions.append_step import (
    StepContext,
    StepOutcome,
    append_step,
    is_stale,
    lock_step_context,
)
from app.returns.rules import workflow
from app.returns.rules.available_actions import action_refusal
from app.returns.rules.gates import gate_broken_by_departure
from app.returns.rules.request_state import Answers
from app.returns.rules.stages import ARRIVED, DEPARTED, TRAVEL_ARRANGED
from app.web.access import Principal
from app.web.outcomes import Invalid

PAST_DAYS = {DEPARTED: "departed_on", ARRIVED: "arrived_on", TRAVEL_ARRANGED: "reconfirmed_on"}
"""The field of each stage whose day cannot lie in the future."""


@dataclass(frozen=True)
class StepInput:
    """The input of one step: its answers, the version of the request that the client saw, and the errors of both."""

    answers: Answers
    version: int | None = None
    errors: tuple[FieldError, ...] = ()


def actor_of(principal: Principal) -> str:
    """Return the part of the workflow that an account records: workflow.DESK or workflow.SUPERVISOR."""
    return workflow.SUPERVISOR if principal.may("decide_returns") else workflow.DESK


def record_stage(
    session: Session, principal: Principal, reference: str, stage: str, step: StepInput
) -> StepOutcome:
    """Record a stage, or renew or correct it if it was recorded before."""
    context = lock_step_context(session, principal, reference)
    refusal_code = _refusal_code(context, stage, step.version)
    if refusal_code:
        return context.refusal(refusal_code)
    answers = _with_defaults(context, stage, step.answers)
    errors = _day_errors(context, stage, answers) or _person_errors(context, answers)
    if errors:
        return Invalid(errors)
    state_after = context.state_after(stage, answers)
    broken_gate = gate_broken_by_departure(state_after)
    if broken_gate:
        return context.refusal(broken_gate)
    early_field = workflow.misordered_day(state_after, stage)
    if early_field:
        return Invalid([FieldError(early_field, "not_before")])
    return append_step(context, stage, answers)


def refuse_unreadable(
    session: Session, principal: Principal, reference: str, action: str, step: StepInput
) -> StepOutcome:
    """Return why an action is refused, else the errors of its unreadable input; nothing is written."""
    context = lock_step_context(session, principal, reference)
    refusal_code = action_refusal(context.state, action, actor_of(principal), context.today)
    return context.refusal(refusal_code) if refusal_code else Invalid([*step.errors])


def _refusal_code(context: StepContext, stage: str, version: int | None) -> str:
    if is_stale(context, version):
        return "request_closed" if context.state.closing_reason == "withdrew" else "stale"
    actor = actor_of(context.principal)
    wrong_actor = workflow.actor_refusal(context.state, stage, actor)
    return wrong_actor or workflow.stage_refusal(context.state, stage, context.today)


def _with_defaults(context: StepContext, stage: str, answers: Answers) -> Answers:
    """Fill the answers that were left open: today, and everybody in the request."""
    defaults: dict[str, object] = {}
    state = context.state
    if stage == DEPARTED:
        defaults["departed_on"] = (state.departed_on or context.today).isoformat()
        departed = [list(row) for row in state.departed_rows]
        defaults["persons"] = departed or context.request.persons
    if stage == ARRIVED:
        defaults["arrived_on"] = (state.arrived_on or context.today).isoformat()
    return {**defaults, **{name: value for name, value in answers.items() if value is not None}}


def _day_errors(context: StepContext, stage: str, answers: Answers) -> list[FieldError]:
    name = PAST_DAYS.get(stage, "")
    day = answers.get(name)
    if day and date.fromisoformat(day) > context.today:
        return [FieldError(name, "in_future")]
    return []


def _person_errors(context: StepContext, answers: Answers) -> list[FieldError]:
    """The people who depart must be among those who asked to return."""
    requested = Counter({(sex, band): n for sex, band, n in context.request.persons})
    departing = Counter({(sex, band): n for sex, band, n in answers.get("persons", [])})
    return [FieldError("persons", "only_who_asked")] if departing - requested else []
