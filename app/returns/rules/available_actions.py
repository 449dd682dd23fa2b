"""What a side may do with a request now: the next step, what else, and what keeps the rest."""

from datetime import date, timedelta

from app.returns.rules import closing, stages, workflow
from app.returns.rules.gates import gate_before, open_gates
from app.returns.rules.request_state import Standing
from app.returns.rules.stages import ARRANGED, CLOSE, CONSENT, DEPARTED, RESUME, STOP, WITHDRAW
from app.returns.vocabulary import STAGES

REMEDIES = {
    "supervisor_decision": RESUME,
    "consent": CONSENT,
    "consent_expired": CONSENT,
    "voluntariness": stages.CHECK,
    "best_interests": stages.BEST_INTERESTS,
    "fit_to_travel": stages.FIT,
    "reconfirmation": ARRANGED,
}
"""The step or turn that passes each gate."""
TURNS = (STOP, RESUME, CLOSE, WITHDRAW)


def is_of_side(act: str, side: str) -> bool:
    """Whether a step or turn is one that this side ever records."""
    if act in TURNS:
        return act != RESUME or side == workflow.SUPERVISOR
    return act in (stages.DESKS if side == workflow.DESK else stages.SUPERVISORS)


def refused_act(standing: Standing, act: str, side: str, today: date) -> str:
    """Why a side cannot record a step or turn now, as the code of a gate or problem; empty where it can."""
    if act in (WITHDRAW, STOP):
        return closing.refused_withdrawal(standing)
    if act == RESUME:
        closed = "request_closed" if standing.is_closed else ""
        return closed or ("" if standing.is_stopped else "not_stopped")
    if act == CLOSE:
        return _refused_closing(standing, side)
    return workflow.refused_turn(standing, act, side) or workflow.refused(standing, act, today)


def _refused_closing(standing: Standing, side: str) -> str:
    if side == workflow.DESK and stages.HANDED in standing.recorded:
        return "after_hand_over"
    is_over = standing.is_closed and (side == workflow.DESK or standing.closing_reason == closing.WITHDREW)
    return "request_closed" if is_over else ""


def may_record(standing: Standing, act: str, side: str, today: date) -> bool:
    """Whether a step or turn is this side's, and nothing keeps it now."""
    return is_of_side(act, side) and not refused_act(standing, act, side, today)


def next_act(standing: Standing, side: str, today: date) -> str:
    """What this side does next: the next step, or what passes the gate before it; empty where it waits."""
    if standing.is_closed:
        return ""
    act = _towards_next(standing, today)
    return act if may_record(standing, act, side, today) else ""


def _towards_next(standing: Standing, today: date) -> str:
    coming = workflow.next_stages(standing)
    if not coming:
        return CLOSE
    if standing.has_departed:
        return coming[0]
    gate = gate_before(standing, coming[0], _day_that_counts(standing, today))
    return REMEDIES[gate] if gate else coming[0]


def _day_that_counts(standing: Standing, today: date) -> date:
    """Of a departure that is recorded late, the day of travel."""
    planned = standing.travel_on if standing.stage == ARRANGED else None
    return min(planned or today, today)


def gates_ahead(standing: Standing, today: date) -> list[str]:
    """The open gates before the usual next step; a consent that has expired always."""
    coming = workflow.next_stages(standing)
    always = ("supervisor_decision", "consent_expired")
    return [
        gate
        for gate in open_gates(standing, today)
        if gate in always or (coming and stages.is_past(coming[0], REMEDIES[gate]))
    ]


def is_consent_ending(standing: Standing, today: date, soon: timedelta) -> bool:
    """Whether a consent that still matters has expired or ends within `soon`."""
    until = standing.consent_until
    return until is not None and not standing.has_departed and until <= today + soon


def acts_again(standing: Standing, side: str, today: date) -> list[str]:
    """Recorded steps that this side may renew or correct now, in the order of the way."""
    done = [one for one in STAGES.codes if one in standing.recorded and one in stages.AGAIN]
    return [one for one in done if may_record(standing, one, side, today)]


def acts_besides(standing: Standing, side: str, today: date) -> list[str]:
    """Other steps that this side may record now: one that may be left out, a departure of an earlier day."""
    coming = workflow.next_stages(standing)
    likely = next_act(standing, side, today)
    late = [DEPARTED] if coming and coming[0] == DEPARTED else []
    besides = [one for one in (*coming, *late) if one != likely]
    return [one for one in dict.fromkeys(besides) if may_record(standing, one, side, today)]
