"""Draws the page of one request, and says what the pages of a request share."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response

from app.codelists.shared_codelists import AGE_BANDS, SEXES
from app.field_errors import FIELD_ERRORS
from app.returns import vocabulary
from app.returns.actions.record_stage import actor_of
from app.returns.forms import labels
from app.returns.forms.steps import STEPS
from app.returns.queries.lists import SOON
from app.returns.queries.requests import RequestRow, StepRow
from app.returns.rules import available_actions, closing, stages, workflow
from app.returns.rules.request_state import RequestState
from app.returns.vocabulary import PROGRESS, STAGES
from app.staff.vocabulary import ROLES
from app.web.access import principal
from app.web.pages import page

DONE, NOW, AHEAD = "done", "now", "ahead"
WORDS: dict[str, Any] = {
    "v": vocabulary,
    "ROLES": ROLES,
    "FIELD_ERRORS": FIELD_ERRORS,
    "SEXES": SEXES,
    "AGE_BANDS": AGE_BANDS,
    "STEPS": STEPS,
    "stages": stages,
    "words": labels,
}
"""Lists and words that the pages of a request read."""


@dataclass(frozen=True)
class Progress:
    """How far a request is: each step of PROGRESS with done, now or ahead; the number and code of the one under way.

    `now` is empty, and `number` counts what is done, where nothing is under way.
    """

    steps: list[tuple[str, str]]
    number: int
    now: str


@dataclass(frozen=True)
class Entry:
    """One step of the timeline; whether it came before, and whether a later one counts instead."""

    step: StepRow
    is_again: bool
    is_replaced: bool


def progress(state: RequestState) -> Progress:
    """How far a request is; a closed one stays where it was."""
    reached = max(
        STAGES.place(one) for one in (*state.recorded_actions, stages.ENQUIRY) if one in STAGES
    )
    done = [
        one for one in PROGRESS.codes if STAGES.place(one) <= reached and one not in _open(state)
    ]
    ahead = [one for one in PROGRESS.codes if one not in done]
    now = ahead[0] if ahead and not state.is_closed else ""
    marks = [(one, DONE if one in done else NOW if one == now else AHEAD) for one in PROGRESS.codes]
    return Progress(marks, len(done) + bool(now), now)


def _open(state: RequestState) -> frozenset[str]:
    """The check, until it is established that they decide freely; a stop opens it again before the hand-over."""
    is_open = state.is_stopped or not state.is_voluntary
    is_before = stages.HANDED_OVER not in state.recorded_actions
    return frozenset({stages.CHECK}) if is_open and is_before else frozenset()


def request_page(asked: RequestRow, steps: list[StepRow], state: RequestState) -> Response:
    """How a request stands, what comes next, and everything that was recorded of it."""
    facts = frame(asked, state) | _possible(state, asked.today)
    facts |= {"waits": workflow.waits_for(state, asked.today), "entries": _entries(steps)}
    facts |= {"gates": available_actions.gates_before_next_step(state, asked.today)}
    return page("returns/request.html", **facts, **WORDS)


def frame(asked: RequestRow, state: RequestState) -> dict[str, Any]:
    """What every page of a request shows: the request, how it stands, how far it is, whether it may be withdrawn."""
    return {
        "asked": asked,
        "standing": state,
        "today": asked.today,
        "progress_made": progress(state),
        "may_withdraw": not closing.withdrawal_refusal(state),
        "side": actor_of(principal()),
        "has_consent_sheet": _has_sheet(state, stages.CONSENT, asked.today),
        "has_hand_over_sheet": _has_sheet(state, stages.HANDED_OVER, asked.today),
    }


def _has_sheet(state: RequestState, stage: str, today: date) -> bool:
    """Whether the sheet that goes with a stage is of use: the stage comes next, or was recorded; until departure."""
    if state.is_closed or state.has_departed:
        return False
    return stage in state.recorded_actions or not workflow.refused(state, stage, today)


def _possible(state: RequestState, today: date) -> dict[str, Any]:
    """The acts that the reader may do now, by what they are for."""
    side = actor_of(principal())
    may = {
        act: available_actions.may_record(state, act, side, today)
        for act in available_actions.TURNS
    }
    first = available_actions.next_action(state, side, today)
    again = available_actions.repeatable_actions(state, side, today)
    ends = available_actions.is_consent_expiring(state, today, SOON)
    renews = ends and stages.CONSENT in again and first != stages.CONSENT
    return {
        "may": may,
        "first": first,
        "renews_consent": renews,
        "besides": available_actions.alternative_actions(state, side, today),
        "again": [one for one in again if one != first and not (renews and one == stages.CONSENT)],
    }


def _entries(steps: list[StepRow]) -> list[Entry]:
    """The timeline, the latest first."""
    acts = [one.action for one in steps]
    return [
        Entry(
            one,
            one.action in stages.REPEATABLE and one.action in acts[:place],
            one.action in stages.REPEATABLE and one.action in acts[place + 1 :],
        )
        for place, one in reversed(list(enumerate(steps)))
    ]
