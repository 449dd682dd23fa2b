"""The way of a request: which step comes next, whose it is, and the gates that keep it (domain.md §2.23)."""

from datetime import date

from app.returns.rules import stages
from app.returns.rules.gates import gate_before, is_reconfirmed_for, open_gates
from app.returns.rules.request_state import Standing
from app.returns.rules.stages import (
    AGAIN,
    AGAIN_AFTER_DEPARTURE,
    ARRANGED,
    ARRIVED,
    BEST_INTERESTS,
    CHECK,
    DEPARTED,
    HANDED,
    SHARED,
    YES,
    is_past,
)
from app.returns.vocabulary import STAGES

DESK, SUPERVISOR = "desk", "supervisor"
_OF_THE_DAY = frozenset({"consent_expired", "reconfirmation"})
"""Asked of the day of departure, which may be an earlier one than that on which it is recorded."""


def next_stages(standing: Standing) -> tuple[str, ...]:
    """The stages that may come next, the usual one first; none where the request is closed."""
    if standing.is_closed:
        return ()
    found: list[str] = []
    for stage in STAGES.codes[stages.place(standing.stage) + 1 : -1]:
        if stage == BEST_INTERESTS and not standing.is_child_alone:
            continue
        found.append(stage)
        if stage not in stages.OPTIONAL:
            break
    return tuple(sorted(found, key=lambda stage: stage in stages.OPTIONAL))


def refused_turn(standing: Standing, stage: str, side: str) -> str:
    """Why a stage is not this side's to record as the request stands; empty where it is.

    The desk records up to the hand-over, the country's supervisor from there on (issue; outside.md, Returns).
    """
    is_handed = HANDED in standing.recorded
    if side == DESK and is_handed:
        return "after_hand_over"
    return "before_hand_over" if side == SUPERVISOR and stage in SHARED and not is_handed else ""


def refused(standing: Standing, stage: str, today: date) -> str:
    """Why a stage cannot be recorded now, as the code of a gate or problem; empty where it can."""
    if stage in standing.recorded or stage == stages.ENQUIRY:
        return _refused_again(standing, stage, today)
    if standing.is_closed:
        return "request_closed"
    return _refused_new(standing, stage, today)


def _refused_new(standing: Standing, stage: str, today: date) -> str:
    if standing.has_departed:
        return "" if stage in next_stages(standing) else "stage_skipped"
    if stage == BEST_INTERESTS and not standing.is_child_alone:
        return "not_a_child_alone"
    gate = gate_before(standing, stage, today)
    if gate and not (stage == DEPARTED and gate in _OF_THE_DAY):
        return gate
    is_late = stage == BEST_INTERESTS and is_past(standing.stage, stage)
    return "" if is_late or stage in next_stages(standing) else "stage_skipped"


def _refused_again(standing: Standing, stage: str, today: date) -> str:
    if standing.has_departed:
        return "" if stage in AGAIN_AFTER_DEPARTURE else _already(standing, stage)
    if standing.is_closed or stage not in AGAIN:
        return _already(standing, stage)
    return gate_before(standing, stage, today) if is_past(stage, HANDED) else ""


def _already(standing: Standing, stage: str) -> str:
    if standing.is_closed:
        return "request_closed"
    return "has_departed" if stage in AGAIN else "already_recorded"


def wrong_day(standing: Standing, stage: str) -> str:
    """The field of a day that lies before the step that comes first; empty where none does."""
    departed, handed, said = standing.departed_on, standing.handed_on, standing.reconfirmed_on
    if stage == ARRANGED and said and standing.consents and said < standing.consents[0]:
        return "reconfirmed_on"
    if stage == DEPARTED and departed and handed and departed < handed:
        return "departed_on"
    if departed and standing.arrived_on and standing.arrived_on < departed:
        return "arrived_on" if stage == ARRIVED else "departed_on"
    return ""


def waits_for(standing: Standing, today: date) -> str:
    """Whom a request waits for: a code of WAITS."""
    if standing.is_closed:
        return "nobody"
    if standing.is_stopped:
        return "supervisor"
    if "consent_expired" in open_gates(standing, today):
        return "person"
    return _waits_at(standing, today)


def _waits_at(standing: Standing, today: date) -> str:
    stage = standing.stage
    child_waits = standing.is_child_alone and standing.best_interests != YES
    if child_waits and standing.is_voluntary and not is_past(CHECK, stage):
        return "child_protection_authority"
    if is_past(HANDED, stage):
        return "desk"
    if stage == ARRANGED and not is_reconfirmed_for(standing, today):
        return "person"
    return "supervisor" if is_past(stage, DEPARTED) else "return_programme"
