"""Stop a request for a warning sign, resume it as a supervisor, withdraw it for the person, or close it."""

from sqlalchemy.orm import Session

from app.returns.actions.append_step import (
    StepContext,
    StepOutcome,
    append_step,
    is_stale,
    lock_step_context,
)
from app.returns.actions.record_stage import StepInput, actor_of
from app.returns.rules import closing
from app.returns.rules.available_actions import action_refusal
from app.returns.rules.stages import CLOSE, RESUME, STOP, WITHDRAW
from app.returns.vocabulary import CLOSING_REASONS
from app.web.access import Principal
from app.web.outcomes import Accepted

FINAL_REFUSALS = frozenset({"request_closed", "after_hand_over"})
"""Reported before a stale version, because no newer version would change them."""


def withdraw(session: Session, principal: Principal, reference: str) -> StepOutcome:
    """Withdraw a request at once and without a reason, whatever anybody else does with it meanwhile.

    A second withdrawal changes nothing. No version is required: nothing keeps a person from stopping.
    """
    context = lock_step_context(session, principal, reference)
    if closing.is_withdrawn(context.state):
        return Accepted(context.request)
    refusal_code = closing.withdrawal_refusal(context.state)
    if refusal_code:
        return context.refusal(refusal_code)
    return append_step(context, WITHDRAW, {})


def stop(session: Session, principal: Principal, reference: str, step: StepInput) -> StepOutcome:
    """Stop a request for a warning sign until a supervisor decides; the desk may always do this."""
    return _record(session, principal, reference, STOP, step)


def resume(session: Session, principal: Principal, reference: str, step: StepInput) -> StepOutcome:
    """Resume a stopped request as a supervisor, with the ground for it."""
    return _record(session, principal, reference, RESUME, step)


def close(session: Session, principal: Principal, reference: str, step: StepInput) -> StepOutcome:
    """Close a request with a reason; the reason `withdrew` withdraws it."""
    if CLOSING_REASONS[step.answers["reason"]].code == closing.WITHDREW:
        return withdraw(session, principal, reference)
    return _record(session, principal, reference, CLOSE, step)


def _record(
    session: Session, principal: Principal, reference: str, action: str, step: StepInput
) -> StepOutcome:
    context = lock_step_context(session, principal, reference)
    refusal_code = _refusal_code(context, action, step)
    if refusal_code:
        return context.refusal(refusal_code)
    return append_step(context, action, step.answers)


def _refusal_code(context: StepContext, action: str, step: StepInput) -> str:
    actor = actor_of(context.principal)
    refusal_code = action_refusal(context.state, action, actor, context.today)
    if refusal_code in FINAL_REFUSALS:
        return refusal_code
    if is_stale(context, step.version):
        return "stale"
    if refusal_code or action != CLOSE:
        return refusal_code
    return closing.closing_refusal(context.state, step.answers["reason"])
