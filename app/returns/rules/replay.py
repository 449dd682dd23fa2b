"""Replay the recorded steps of a request into its state: the latest answer of each step counts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from app.returns.rules import stages
from app.returns.rules.request_state import RecordedStep, RequestState
from app.returns.vocabulary import STAGES

CHILD_WITHOUT_FAMILY = "child_without_family"


def replay_steps(is_child_alone: bool, steps: Iterable[RecordedStep]) -> RequestState:
    """Return the state of a request after these steps, in their order."""
    state = RequestState(is_child_alone)
    for step in steps:
        state = apply_step(state, step)
    return state


def apply_step(state: RequestState, step: RecordedStep) -> RequestState:
    """Return the state of a request after one more step."""
    actions = state.recorded_actions | {step.action}
    changed = replace(state, **_changes(state, step), recorded_actions=actions)
    return replace(changed, stage=_stage_after(changed, step))


def _stage_after(state: RequestState, step: RecordedStep) -> str:
    if state.closing_reason:
        return stages.CLOSED
    advances = step.action in STAGES and stages.is_after(step.action, state.stage)
    return step.action if advances else state.stage


def _changes(state: RequestState, step: RecordedStep) -> dict[str, Any]:
    """Return the state fields that one step changes, with their new values."""
    if step.action in _FROM_ANSWERS:
        return _FROM_ANSWERS[step.action](step.answers)
    if step.action in _FROM_DAY:
        return _FROM_DAY[step.action](step.recorded_on)
    return _FROM_STATE[step.action](state, step) if step.action in _FROM_STATE else {}


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _apply_travel(state: RequestState, step: RecordedStep) -> dict[str, Any]:
    answers = step.answers
    return {
        "transport_mode": answers["transport_mode"],
        "travel_on": _day(answers.get("travel_on")) or state.travel_on,
        "reconfirmed_on": _day(answers.get("reconfirmed_on")) or state.reconfirmed_on,
    }


def _apply_check(state: RequestState, step: RecordedStep) -> dict[str, Any]:
    answers = step.answers["free_choice"], step.answers["informed_decision"]
    stop = _apply_stop(state, step)
    changes = {**stop, "free_choice": answers[0], "informed_decision": answers[1]}
    changes["is_stopped"] = stop["is_stopped"] or stages.REFER in answers
    if stages.NO in answers:
        changes |= {"closing_reason": "not_voluntary", "closed_on": step.recorded_on}
    return changes


def _apply_stop(state: RequestState, step: RecordedStep) -> dict[str, Any]:
    """A warning sign stops the request; no later answer lifts the stop, only a supervisor does."""
    new_signs = tuple(step.answers.get("signs") or ())
    all_signs = dict.fromkeys((*state.warning_signs, *new_signs))
    return {
        "is_stopped": state.is_stopped or bool(new_signs),
        "warning_signs": tuple(all_signs),
        "is_child_alone": state.is_child_alone or CHILD_WITHOUT_FAMILY in new_signs,
    }


def _apply_best_interests(state: RequestState, step: RecordedStep) -> dict[str, Any]:
    decision = step.answers["decision"]
    if decision == stages.NO:
        return {
            "best_interests": decision,
            "closing_reason": "not_in_best_interests",
            "closed_on": step.recorded_on,
        }
    return {"best_interests": decision, "closed_on": state.closed_on}


def _apply_close(state: RequestState, step: RecordedStep) -> dict[str, Any]:
    closed_on = state.closed_on or step.recorded_on
    return {"closing_reason": step.answers["reason"], "closed_on": closed_on}


_FROM_ANSWERS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    stages.FIT_TO_TRAVEL: lambda answers: {"fit_to_travel": answers["fit"]},
    stages.DEPARTED: lambda answers: {
        "departed_on": _day(answers["departed_on"]),
        "departed_rows": tuple((sex, band, n) for sex, band, n in answers["persons"]),
    },
    stages.ARRIVED: lambda answers: {"arrived_on": _day(answers["arrived_on"])},
    stages.RESUME: lambda _: {"is_stopped": False, "warning_signs": ()},
}
_FROM_DAY: dict[str, Callable[[date], dict[str, Any]]] = {
    stages.HANDED_OVER: lambda day: {"handed_over_on": day},
    stages.WITHDRAW: lambda day: {"closing_reason": "withdrew", "closed_on": day},
}
_FROM_STATE: dict[str, Callable[[RequestState, RecordedStep], dict[str, Any]]] = {
    stages.CONSENT: lambda state, step: {"consent_days": (*state.consent_days, step.recorded_on)},
    stages.CHECK: _apply_check,
    stages.STOP: _apply_stop,
    stages.BEST_INTERESTS: _apply_best_interests,
    stages.TRAVEL_ARRANGED: _apply_travel,
    stages.CLOSE: _apply_close,
}
