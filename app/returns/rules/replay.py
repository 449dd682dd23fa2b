"""Folds everything that was recorded of a request: the latest answer of each step counts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from app.returns.rules import stages
from app.returns.rules.request_state import Standing, Step
from app.returns.vocabulary import STAGES

CHILD_SIGN = "child_without_family"


def fold(is_child_alone: bool, steps: Iterable[Step]) -> Standing:
    """How a request stands after these entries, in their order."""
    standing = Standing(is_child_alone)
    for step in steps:
        standing = follow(standing, step)
    return standing


def follow(standing: Standing, step: Step) -> Standing:
    """How a request stands after one more entry."""
    recorded = standing.recorded | {step.act}
    changed = replace(standing, **_changes(standing, step), recorded=recorded)
    return replace(changed, stage=_stage_after(changed, step))


def _stage_after(standing: Standing, step: Step) -> str:
    if standing.closing_reason:
        return stages.CLOSED
    moves = step.act in STAGES and stages.is_past(step.act, standing.stage)
    return step.act if moves else standing.stage


def _changes(standing: Standing, step: Step) -> dict[str, Any]:
    """What one entry changes."""
    if step.act in _SAYS:
        return _SAYS[step.act](step.said)
    if step.act in _ON_DAY:
        return _ON_DAY[step.act](step.on)
    return _AFTER_EARLIER[step.act](standing, step) if step.act in _AFTER_EARLIER else {}


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _travel_is_arranged(standing: Standing, step: Step) -> dict[str, Any]:
    said = step.said
    return {
        "transport_mode": said["transport_mode"],
        "travel_on": _day(said.get("travel_on")) or standing.travel_on,
        "reconfirmed_on": _day(said.get("reconfirmed_on")) or standing.reconfirmed_on,
    }


def _are_checked(standing: Standing, step: Step) -> dict[str, Any]:
    free, informed = step.said["free_choice"], step.said["informed_decision"]
    seen = _are_stopped(standing, step)
    doubt = stages.REFER in (free, informed)
    told = {**seen, "free": free, "informed": informed, "is_stopped": seen["is_stopped"] or doubt}
    closes = {"reason": "not_voluntary", "closed_on": step.on}
    return {**told, **(closes if stages.NO in (free, informed) else {})}


def _are_stopped(standing: Standing, step: Step) -> dict[str, Any]:
    """A sign stops; no later answer lifts that, only a supervisor does."""
    signs = tuple(step.said.get("signs") or ())
    met = dict.fromkeys((*standing.signs, *signs))
    return {
        "is_stopped": standing.is_stopped or bool(signs),
        "signs": tuple(met),
        "is_child_alone": standing.is_child_alone or CHILD_SIGN in signs,
    }


def _interests_are_judged(standing: Standing, step: Step) -> dict[str, Any]:
    decision = step.said["decision"]
    if decision == stages.NO:
        return {"best_interests": decision, "reason": "not_in_best_interests", "closed_on": step.on}
    return {"best_interests": decision, "closed_on": standing.closed_on}


def _are_closed(standing: Standing, step: Step) -> dict[str, Any]:
    return {"reason": step.said["reason"], "closed_on": standing.closed_on or step.on}


_SAYS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    stages.FIT: lambda said: {"fit": said["fit"]},
    stages.DEPARTED: lambda said: {
        "departed_on": _day(said["departed_on"]),
        "departed": tuple((sex, band, n) for sex, band, n in said["persons"]),
    },
    stages.ARRIVED: lambda said: {"arrived_on": _day(said["arrived_on"])},
    stages.RESUME: lambda _: {"is_stopped": False, "signs": ()},
}
_ON_DAY: dict[str, Callable[[date], dict[str, Any]]] = {
    stages.HANDED: lambda day: {"handed_on": day},
    stages.WITHDRAW: lambda day: {"reason": "withdrew", "closed_on": day},
}
_AFTER_EARLIER: dict[str, Callable[[Standing, Step], dict[str, Any]]] = {
    stages.CONSENT: lambda standing, step: {"consents": (*standing.consents, step.on)},
    stages.CHECK: _are_checked,
    stages.STOP: _are_stopped,
    stages.BEST_INTERESTS: _interests_are_judged,
    stages.ARRANGED: _travel_is_arranged,
    stages.CLOSE: _are_closed,
}
