"""How a request closes: withdrawal before departure, and the reasons that fit each stage (domain.md §2.17)."""

from app.returns.rules import stages
from app.returns.rules.request_state import RequestState
from app.returns.vocabulary import CLOSING_REASONS

RETURNED, WITHDREW = "returned", "withdrew"
REMOVED_BY_AUTHORITY, DUPLICATE = "removed_by_authority", "duplicate"
UNCOUNTED = frozenset({REMOVED_BY_AUTHORITY, DUPLICATE})
"""Never counted as a return, whatever was recorded before."""
AFTER_DEPARTURE = (RETURNED, "lost_contact", REMOVED_BY_AUTHORITY, DUPLICATE, "other")


def available_reasons(state: RequestState) -> tuple[str, ...]:
    """Return the reasons that fit the state, in the order of the list; withdrawal is an action of its own."""
    if not state.has_departed:
        return tuple(code for code in CLOSING_REASONS.codes if code not in (RETURNED, WITHDREW))
    has_arrived = state.arrived_on is not None
    reasons = (code for code in AFTER_DEPARTURE if has_arrived or code != RETURNED)
    return tuple(sorted(reasons, key=CLOSING_REASONS.position))


def closing_refusal(state: RequestState, reason: str) -> str:
    """Return why a request cannot be closed with a reason, as an error code; empty if it can.

    A closed request may get another reason, but a withdrawn one stays withdrawn.
    """
    if state.is_closed and state.closing_reason in (WITHDREW, reason):
        return "request_closed"
    return "" if reason in available_reasons(state) else "reason_not_now"


def withdrawal_refusal(state: RequestState) -> str:
    """Return why a request cannot be withdrawn (departed, closed), as an error code; empty if it can."""
    if state.has_departed:
        return "has_departed"
    return "request_closed" if state.is_closed else ""


def counts_as_departed(state: RequestState) -> bool:
    """Whether the people of a request count as persons who departed."""
    return state.has_departed and state.closing_reason not in UNCOUNTED


def is_withdrawn(state: RequestState) -> bool:
    """Whether the person withdrew."""
    return state.stage == stages.CLOSED and state.closing_reason == WITHDREW
