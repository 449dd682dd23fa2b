"""The stages in their order, whose they are, and the marks of a request's other turns."""

from app.returns.vocabulary import STAGES

ENQUIRY, COUNSELLING, CONSENT = "enquiry", "counselling", "consent_recorded"
CHECK, BEST_INTERESTS = "voluntariness_vulnerability_check", "best_interests_process"
HANDED, APPROVED, DOCUMENTS = "handed_to_iom", "approved", "travel_documents"
FIT, ARRANGED, DEPARTED, ARRIVED = "fit_to_travel", "travel_arranged", "departed", "arrived"
REINTEGRATION, FOLLOW_UP, CLOSED = "reintegration_referred", "follow_up_done", "closed"
STOP, RESUME, WITHDRAW, CLOSE = "stop", "resume", "withdraw", "close"
YES, NO, REFER, PENDING = "yes", "no", "refer", "pending"

OPTIONAL = frozenset({REINTEGRATION})
"""Central American programmes had no reintegration part in 2020 (domain.md §2.16)."""
DESKS = frozenset({COUNSELLING, CONSENT, CHECK, BEST_INTERESTS, HANDED})
SHARED = frozenset({CONSENT, CHECK, BEST_INTERESTS})
"""Asked again by the supervisor, once the request was handed over."""
SUPERVISORS = (frozenset(STAGES.codes) - DESKS - {ENQUIRY, CLOSED}) | SHARED
AGAIN = frozenset({COUNSELLING, CONSENT, CHECK, BEST_INTERESTS, FIT, ARRANGED, DEPARTED, ARRIVED})
"""Stages that say something: recorded once more they renew or correct it, as a new entry."""
AGAIN_AFTER_DEPARTURE = frozenset({ARRANGED, DEPARTED, ARRIVED})


def place(stage: str) -> int:
    """The place of a stage in the order of all."""
    return STAGES.place(stage)


def is_past(stage: str, other: str) -> bool:
    """Whether a stage lies behind another one."""
    return place(stage) > place(other)
