"""Replay the recorded steps of a request into its state: the latest answer of each step counts."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date

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
    changed = replace(_apply(state, step), recorded_actions=actions)
    return replace(changed, stage=_stage_after(changed, step))


def _stage_after(state: RequestState, step: RecordedStep) -> str:
    if state.closing_reason:
        return stages.CLOSED
    advances = step.action in STAGES and stages.is_after(step.action, state.stage)
    return step.action if advances else state.stage


def _apply(state: RequestState, step: RecordedStep) -> RequestState:
    """Return the state with the answers of one step; stage and recorded actions are unchanged."""
    return _EFFECTS[step.action](state, step) if step.action in _EFFECTS else state


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _apply_consent(state: RequestState, step: RecordedStep) -> RequestState:
    return replace(state, consent_days=(*state.consent_days, step.recorded_on))


def _apply_check(state: RequestState, step: RecordedStep) -> RequestState:
    answers = step.answers["free_choice"], step.answers["informed_decision"]
    state = _apply_stop(state, step)
    state = replace(
        state,
        free_choice=answers[0],
        informed_decision=answers[1],
        is_stopped=state.is_stopped or stages.REFER in answers,
    )
    if stages.NO in answers:
        return replace(state, closing_reason="not_voluntary", closed_on=step.recorded_on)
    return state


def _apply_stop(state: RequestState, step: RecordedStep) -> RequestState:
    """A warning sign stops the request; no later answer lifts the stop, only a supervisor does."""
    new_signs = tuple(step.answers.get("signs") or ())
    all_signs = dict.fromkeys((*state.warning_signs, *new_signs))
    return replace(
        state,
        is_stopped=state.is_stopped or bool(new_signs),
        warning_signs=tuple(all_signs),
        is_child_alone=state.is_child_alone or CHILD_WITHOUT_FAMILY in new_signs,
    )


def _apply_resume(state: RequestState, _: RecordedStep) -> RequestState:
    return replace(state, is_stopped=False, warning_signs=())


def _apply_best_interests(state: RequestState, step: RecordedStep) -> RequestState:
    decision = step.answers["decision"]
    if decision != stages.NO:
        return replace(state, best_interests=decision)
    return replace(
        state,
        best_interests=decision,
        closing_reason="not_in_best_interests",
        closed_on=step.recorded_on,
    )


def _apply_hand_over(state: RequestState, step: RecordedStep) -> RequestState:
    return replace(state, handed_over_on=step.recorded_on)


def _apply_fit_to_travel(state: RequestState, step: RecordedStep) -> RequestState:
    return replace(state, fit_to_travel=step.answers["fit"])


def _apply_travel(state: RequestState, step: RecordedStep) -> RequestState:
    answers = step.answers
    return replace(
        state,
        transport_mode=answers["transport_mode"],
        travel_on=_day(answers.get("travel_on")) or state.travel_on,
        reconfirmed_on=_day(answers.get("reconfirmed_on")) or state.reconfirmed_on,
    )


def _apply_departure(state: RequestState, step: RecordedStep) -> RequestState:
    rows = tuple((sex, band, n) for sex, band, n in step.answers["persons"])
    return replace(state, departed_on=_day(step.answers["departed_on"]), departed_rows=rows)


def _apply_arrival(state: RequestState, step: RecordedStep) -> RequestState:
    return replace(state, arrived_on=_day(step.answers["arrived_on"]))


def _apply_withdrawal(state: RequestState, step: RecordedStep) -> RequestState:
    return replace(state, closing_reason="withdrew", closed_on=step.recorded_on)


def _apply_close(state: RequestState, step: RecordedStep) -> RequestState:
    closed_on = state.closed_on or step.recorded_on
    return replace(state, closing_reason=step.answers["reason"], closed_on=closed_on)


_EFFECTS: dict[str, Callable[[RequestState, RecordedStep], RequestState]] = {
    stages.CONSENT: _apply_consent,
    stages.CHECK: _apply_check,
    stages.BEST_INTERESTS: _apply_best_interests,
    stages.HANDED_OVER: _apply_hand_over,
    stages.FIT_TO_TRAVEL: _apply_fit_to_travel,
    stages.TRAVEL_ARRANGED: _apply_travel,
    stages.DEPARTED: _apply_departure,
    stages.ARRIVED: _apply_arrival,
    stages.STOP: _apply_stop,
    stages.RESUME: _apply_resume,
    stages.WITHDRAW: _apply_withdrawal,
    stages.CLOSE: _apply_close,
}
"""What each stage or other action changes; the others change the stage only."""
