"""The workflow of a request: its next stages, their actors, and the gates that block them (domain.md §2.23)."""

from datetime import date

from app.returns.rules import stages
from app.returns.rules.gates import blocking_gate, is_reconfirmed_for, open_gates
from app.returns.rules.request_state import RequestState
from app.returns.rules.stages import (
    ARRIVED,
    BEST_INTERESTS,
    CHECK,
    DEPARTED,
    HANDED_OVER,
    REPEATABLE,
    REPEATABLE_AFTER_DEPARTURE,
    SHARED_STAGES,
    TRAVEL_ARRANGED,
    YES,
    is_after,
)
from app.returns.vocabulary import STAGES

DESK, SUPERVISOR = "desk", "supervisor"
_CHECKED_ON_DEPARTURE_DAY = frozenset({"consent_expired", "reconfirmation"})
"""Checked for the day of departure, which may be earlier than the day on which it is recorded."""


def next_stages(state: RequestState) -> tuple[str, ...]:
    """Return the stages that may come next, the usual one first; none if the request is closed."""
    if state.is_closed:
        return ()
    coming: list[str] = []
    for stage in STAGES.codes[stages.position(state.stage) + 1 : -1]:
        if stage == BEST_INTERESTS and not state.is_child_alone:
            continue
        coming.append(stage)
        if stage not in stages.OPTIONAL_STAGES:
            break
    return tuple(sorted(coming, key=lambda stage: stage in stages.OPTIONAL_STAGES))


def actor_refusal(state: RequestState, stage: str, actor: str) -> str:
    """Return why a stage is not this actor's to record in this state, as an error code; empty if it is.

    The desk records up to the hand-over, the country's supervisor from there on (issue; outside.md, Returns).
    """
    is_handed_over = HANDED_OVER in state.recorded_actions
    if actor == DESK and is_handed_over:
        return "after_hand_over"
    is_too_early = actor == SUPERVISOR and stage in SHARED_STAGES and not is_handed_over
    return "before_hand_over" if is_too_early else ""


def stage_refusal(state: RequestState, stage: str, today: date) -> str:
    """Return why a stage cannot be recorded now, as the code of a gate or error; empty if it can."""
    if stage in state.recorded_actions or stage == stages.ENQUIRY:
        return _repetition_refusal(state, stage, today)
    if state.is_closed:
        return "request_closed"
    return _new_stage_refusal(state, stage, today)


def _new_stage_refusal(state: RequestState, stage: str, today: date) -> str:
    if state.has_departed:
        return "" if stage in next_stages(state) else "stage_skipped"
    if stage == BEST_INTERESTS and not state.is_child_alone:
        return "not_a_child_alone"
    gate = blocking_gate(state, stage, today)
    if gate and not (stage == DEPARTED and gate in _CHECKED_ON_DEPARTURE_DAY):
        return gate
    is_late = stage == BEST_INTERESTS and is_after(state.stage, stage)
    return "" if is_late or stage in next_stages(state) else "stage_skipped"


def _repetition_refusal(state: RequestState, stage: str, today: date) -> str:
    if state.has_departed:
        is_correctable = stage in REPEATABLE_AFTER_DEPARTURE
        return "" if is_correctable else _already_recorded(state, stage)
    if state.is_closed or stage not in REPEATABLE:
        return _already_recorded(state, stage)
    return blocking_gate(state, stage, today) if is_after(stage, HANDED_OVER) else ""


def _already_recorded(state: RequestState, stage: str) -> str:
    if state.is_closed:
        return "request_closed"
    return "has_departed" if stage in REPEATABLE else "already_recorded"


def misordered_day(state: RequestState, stage: str) -> str:
    """Return the field of a day that lies before an earlier step's day; empty if none does."""
    departed, handed_over = state.departed_on, state.handed_over_on
    if stage == TRAVEL_ARRANGED and _is_reconfirmed_before_consent(state):
        return "reconfirmed_on"
    if stage == DEPARTED and departed and handed_over and departed < handed_over:
        return "departed_on"
    if departed and state.arrived_on and state.arrived_on < departed:
        return "arrived_on" if stage == ARRIVED else "departed_on"
    return ""


def _is_reconfirmed_before_consent(state: RequestState) -> bool:
    first_consent = next(iter(state.consent_days), None)
    confirmed_on = state.reconfirmed_on
    return bool(confirmed_on and first_consent and confirmed_on < first_consent)


def waits_for(state: RequestState, today: date) -> str:
    """Return whom a request waits for, a code of WAITING_PARTIES."""
    if state.is_closed:
        return "nobody"
    if state.is_stopped:
        return "supervisor"
    if "consent_expired" in open_gates(state, today):
        return "person"
    return _waits_at_stage(state, today)


def _waits_at_stage(state: RequestState, today: date) -> str:
    stage = state.stage
    needs_decision = state.is_child_alone and state.best_interests != YES
    if needs_decision and state.is_voluntary and not is_after(CHECK, stage):
        return "child_protection_authority"
    if is_after(HANDED_OVER, stage):
        return "desk"
    if stage == TRAVEL_ARRANGED and not is_reconfirmed_for(state, today):
        return "person"
    return "supervisor" if is_after(stage, DEPARTED) else "return_programme"
