"""The stages in their order, the actor of each, and the codes of a request's other actions."""

from app.returns.vocabulary import STAGES

ENQUIRY, COUNSELLING, CONSENT = "enquiry", "counselling", "consent_recorded"
CHECK, BEST_INTERESTS = "voluntariness_vulnerability_check", "best_interests_process"
HANDED_OVER, APPROVED, DOCUMENTS = "handed_to_iom", "approved", "travel_documents"
FIT_TO_TRAVEL, TRAVEL_ARRANGED = "fit_to_travel", "travel_arranged"
DEPARTED, ARRIVED = "departed", "arrived"
REINTEGRATION, FOLLOW_UP, CLOSED = "reintegration_referred", "follow_up_done", "closed"
STOP, RESUME, WITHDRAW, CLOSE = "stop", "resume", "withdraw", "close"
YES, NO, REFER, PENDING = "yes", "no", "refer", "pending"

OPTIONAL_STAGES = frozenset({REINTEGRATION})
"""Central American programmes had no reintegration part in 2020 (domain.md §2.16)."""
DESK_STAGES = frozenset({COUNSELLING, CONSENT, CHECK, BEST_INTERESTS, HANDED_OVER})
SHARED_STAGES = frozenset({CONSENT, CHECK, BEST_INTERESTS})
"""Recorded again by the supervisor after the hand-over."""
SUPERVISOR_STAGES = (frozenset(STAGES.codes) - DESK_STAGES - {ENQUIRY, CLOSED}) | SHARED_STAGES
REPEATABLE = frozenset(
    {COUNSELLING, CONSENT, CHECK, BEST_INTERESTS, FIT_TO_TRAVEL}
    | {TRAVEL_ARRANGED, DEPARTED, ARRIVED}
)
"""Stages with answers: recorded once more they renew or correct them, as a new step."""
REPEATABLE_AFTER_DEPARTURE = frozenset({TRAVEL_ARRANGED, DEPARTED, ARRIVED})


def position(stage: str) -> int:
    """Return the position of a stage in the order of all stages, from 0."""
    return STAGES.position(stage)


def is_after(stage: str, other: str) -> bool:
    """Whether a stage comes after another one."""
    return position(stage) > position(other)
