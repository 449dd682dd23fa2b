"""What an actor may do with a request now: the next action, the alternatives, and what blocks the rest.

An action is a stage that is recorded, or one of OTHER_ACTIONS; an actor is workflow.DESK or SUPERVISOR.
"""

from datetime import date, timedelta

from app.returns.rules import closing, stages, workflow
from app.returns.rules.gates import blocking_gate, open_gates
from app.returns.rules.request_state import RequestState
from app.returns.rules.stages import (
    CLOSE,
    CONSENT,
    DEPARTED,
    RESUME,
    STOP,
    TRAVEL_ARRANGED,
    WITHDRAW,
)
from app.returns.vocabulary import OTHER_ACTIONS, STAGES

GATE_ACTIONS = {
    "supervisor_decision": RESUME,
    "consent": CONSENT,
    "consent_expired": CONSENT,
    "voluntariness": stages.CHECK,
    "best_interests": stages.BEST_INTERESTS,
    "fit_to_travel": stages.FIT_TO_TRAVEL,
    "reconfirmation": TRAVEL_ARRANGED,
}
"""The action that passes each gate."""


def is_action_of(action: str, actor: str) -> bool:
    """Whether an action is one that this actor ever records."""
    if action in OTHER_ACTIONS:
        return action != RESUME or actor == workflow.SUPERVISOR
    return action in (stages.DESK_STAGES if actor == workflow.DESK else stages.SUPERVISOR_STAGES)


def action_refusal(state: RequestState, action: str, actor: str, today: date) -> str:
    """Return why an actor cannot record an action now, as the code of a gate or error; empty if it can."""
    if action in (WITHDRAW, STOP):
        return closing.withdrawal_refusal(state)
    if action == RESUME:
        closed = "request_closed" if state.is_closed else ""
        return closed or ("" if state.is_stopped else "not_stopped")
    if action == CLOSE:
        return _closing_refusal(state, actor)
    wrong_actor = workflow.actor_refusal(state, action, actor)
    return wrong_actor or workflow.stage_refusal(state, action, today)


def _closing_refusal(state: RequestState, actor: str) -> str:
    is_desk = actor == workflow.DESK
    if is_desk and stages.HANDED_OVER in state.recorded_actions:
        return "after_hand_over"
    is_final = state.is_closed and (is_desk or state.closing_reason == closing.WITHDREW)
    return "request_closed" if is_final else ""


def may_record(state: RequestState, action: str, actor: str, today: date) -> bool:
    """Whether an action belongs to this actor and nothing blocks it now."""
    return is_action_of(action, actor) and not action_refusal(state, action, actor, today)


def next_action(state: RequestState, actor: str, today: date) -> str:
    """Return the actor's next stage, or the action that passes the gate before it; empty while it waits."""
    if state.is_closed:
        return ""
    action = _action_towards_next_stage(state, today)
    return action if may_record(state, action, actor, today) else ""


def _action_towards_next_stage(state: RequestState, today: date) -> str:
    coming = workflow.next_stages(state)
    if not coming:
        return CLOSE
    if state.has_departed:
        return coming[0]
    gate = blocking_gate(state, coming[0], _gate_day(state, today))
    return GATE_ACTIONS[gate] if gate else coming[0]


def _gate_day(state: RequestState, today: date) -> date:
    """Return the day that the gates are checked for: the planned day of travel if it has passed, else today."""
    planned = state.travel_on if state.stage == TRAVEL_ARRANGED else None
    return min(planned or today, today)


def gates_before_next_step(state: RequestState, today: date) -> list[str]:
    """Return the open gates before the usual next stage; a stop and an expired consent always."""
    coming = workflow.next_stages(state)
    always = ("supervisor_decision", "consent_expired")
    return [
        gate
        for gate in open_gates(state, today)
        if gate in always or (coming and stages.is_after(coming[0], GATE_ACTIONS[gate]))
    ]


def is_consent_expiring(state: RequestState, today: date, soon: timedelta) -> bool:
    """Whether a consent that still matters has expired or ends within `soon`."""
    until = state.consent_until
    return until is not None and not state.has_departed and until <= today + soon


def repeatable_actions(state: RequestState, actor: str, today: date) -> list[str]:
    """Return the recorded stages that this actor may renew or correct now, in workflow order."""
    recorded = state.recorded_actions & stages.REPEATABLE
    in_order = [stage for stage in STAGES.codes if stage in recorded]
    return [stage for stage in in_order if may_record(state, stage, actor, today)]


def alternative_actions(state: RequestState, actor: str, today: date) -> list[str]:
    """Return other stages that this actor may record now: after an optional one, or a departure recorded late."""
    coming = workflow.next_stages(state)
    expected = next_action(state, actor, today)
    late_departure = [DEPARTED] if coming and coming[0] == DEPARTED else []
    others = [stage for stage in (*coming, *late_departure) if stage != expected]
    return [stage for stage in dict.fromkeys(others) if may_record(state, stage, actor, today)]
