"""Draws the page of one request, and says what the pages of a request share."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response

from app.codelists.shared_codelists import AGE_BANDS, SEXES
from app.field_errors import FIELD_ERRORS
from app.returns import vocabulary
from app.returns.actions.record_stage import side_of
from app.returns.forms import labels
from app.returns.forms.steps import STEPS
from app.returns.queries.lists import SOON
from app.returns.queries.requests import RequestRow, StepRow
from app.returns.rules import available_actions, closing, stages, workflow
from app.returns.rules.request_state import Standing
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


def progress(standing: Standing) -> Progress:
    """How far a request is; a closed one stays where it was."""
    reached = max(
        STAGES.place(one) for one in (*standing.recorded, stages.ENQUIRY) if one in STAGES
    )
    done = [
        one for one in PROGRESS.codes if STAGES.place(one) <= reached and one not in _open(standing)
    ]
    ahead = [one for one in PROGRESS.codes if one not in done]
    now = ahead[0] if ahead and not standing.is_closed else ""
    marks = [(one, DONE if one in done else NOW if one == now else AHEAD) for one in PROGRESS.codes]
    return Progress(marks, len(done) + bool(now), now)


def _open(standing: Standing) -> frozenset[str]:
    """The check, until it is established that they decide freely; a stop opens it again before the hand-over."""
    is_open = standing.is_stopped or not standing.is_voluntary
    is_before = stages.HANDED not in standing.recorded
    return frozenset({stages.CHECK}) if is_open and is_before else frozenset()


def request_page(asked: RequestRow, steps: list[StepRow], standing: Standing) -> Response:
    """How a request stands, what comes next, and everything that was recorded of it."""
    facts = frame(asked, standing) | _possible(standing, asked.today)
    facts |= {"waits": workflow.waits_for(standing, asked.today), "entries": _entries(steps)}
    facts |= {"gates": available_actions.gates_ahead(standing, asked.today)}
    return page("returns/request.html", **facts, **WORDS)


def frame(asked: RequestRow, standing: Standing) -> dict[str, Any]:
    """What every page of a request shows: the request, how it stands, how far it is, whether it may be withdrawn."""
    return {
        "asked": asked,
        "standing": standing,
        "today": asked.today,
        "progress_made": progress(standing),
        "may_withdraw": not closing.refused_withdrawal(standing),
        "side": side_of(principal()),
        "has_consent_sheet": _has_sheet(standing, stages.CONSENT, asked.today),
        "has_hand_over_sheet": _has_sheet(standing, stages.HANDED, asked.today),
    }


def _has_sheet(standing: Standing, stage: str, today: date) -> bool:
    """Whether the sheet that goes with a stage is of use: the stage comes next, or was recorded; until departure."""
    if standing.is_closed or standing.has_departed:
        return False
    return stage in standing.recorded or not workflow.refused(standing, stage, today)


def _possible(standing: Standing, today: date) -> dict[str, Any]:
    """The acts that the reader may do now, by what they are for."""
    side = side_of(principal())
    may = {
        act: available_actions.may_record(standing, act, side, today)
        for act in available_actions.TURNS
    }
    first = available_actions.next_act(standing, side, today)
    again = available_actions.acts_again(standing, side, today)
    ends = available_actions.is_consent_ending(standing, today, SOON)
    renews = ends and stages.CONSENT in again and first != stages.CONSENT
    return {
        "may": may,
        "first": first,
        "renews_consent": renews,
        "besides": available_actions.acts_besides(standing, side, today),
        "again": [one for one in again if one != first and not (renews and one == stages.CONSENT)],
    }


def _entries(steps: list[StepRow]) -> list[Entry]:
    """The timeline, the latest first."""
    acts = [one.act for one in steps]
    return [
        Entry(
            one,
            one.act in stages.AGAIN and one.act in acts[:place],
            one.act in stages.AGAIN and one.act in acts[place + 1 :],
        )
        for place, one in reversed(list(enumerate(steps)))
    ]
