"""How a request ends: withdrawal before departure, and the reasons that fit each stage (domain.md §2.17)."""

from app.returns.rules import stages
from app.returns.rules.request_state import Standing
from app.returns.vocabulary import CLOSING_REASONS

RETURNED, WITHDREW = "returned", "withdrew"
REMOVED, DUPLICATE = "removed_by_authority", "duplicate"
UNCOUNTED = frozenset({REMOVED, DUPLICATE})
"""Never counted as a return, whatever was recorded before."""
AFTER_DEPARTURE = (RETURNED, "lost_contact", REMOVED, DUPLICATE, "other")


def reasons_now(standing: Standing) -> tuple[str, ...]:
    """The reasons that fit as the request stands, in the order of the list; withdrawal has its own way."""
    if not standing.has_departed:
        return tuple(one for one in CLOSING_REASONS.codes if one not in (RETURNED, WITHDREW))
    arrived = standing.arrived_on is not None
    fitting = (one for one in AFTER_DEPARTURE if arrived or one != RETURNED)
    return tuple(sorted(fitting, key=CLOSING_REASONS.place))


def refused_closing(standing: Standing, reason: str) -> str:
    """Why a request cannot be closed with a reason; a closed one may get another, but a withdrawal stays one."""
    if standing.is_closed and standing.closing_reason in (WITHDREW, reason):
        return "request_closed"
    return "" if reason in reasons_now(standing) else "reason_not_now"


def refused_withdrawal(standing: Standing) -> str:
    """Why a request cannot be withdrawn: it was closed, or they have departed."""
    if standing.has_departed:
        return "has_departed"
    return "request_closed" if standing.is_closed else ""


def refused_stop(standing: Standing) -> str:
    """Why a request cannot be stopped; a stop may be added to another one."""
    return refused_withdrawal(standing)


def counts_as_departed(standing: Standing) -> bool:
    """Whether the people of a request count as persons who departed."""
    return standing.has_departed and standing.closing_reason not in UNCOUNTED


def is_withdrawn(standing: Standing) -> bool:
    """Whether the person withdrew."""
    return standing.stage == stages.CLOSED and standing.closing_reason == WITHDREW
