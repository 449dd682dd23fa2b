"""The life of a referral: which act is allowed in which state, by whom, and what time alone changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

SENT, SEEN, INFO_REQUESTED, WAITLISTED = "sent", "seen", "info_requested", "waitlisted"
ACCEPTED, DECLINED, ARRIVED = "accepted", "declined", "arrived"
NO_SHOW, COMPLETED, CANCELLED, EXPIRED = "no_show", "completed", "cancelled", "expired"
TAKEN_BY_OTHER = "taken"
"""Of an offer alone: another shelter accepted first."""
WAITING = (SENT, SEEN, INFO_REQUESTED, WAITLISTED)
"""Nobody has said yes or no yet; the deadline runs."""
FINAL = frozenset({DECLINED, NO_SHOW, COMPLETED, CANCELLED, EXPIRED})
EXPIRABLE = (*WAITING, ACCEPTED)
"""States that time alone may end."""
NO_SHOW_AFTER = timedelta(hours=24)
"""So long after the hold ended a group that nobody marked has not come."""
UNDO_WINDOW = timedelta(seconds=15)
"""Ten seconds on the page, and five for a bad line."""

SHELTER, DESK = "shelter", "desk"


@dataclass(frozen=True)
class ReferralAction:
    """What somebody does: whose act it is, in which states of the referral, and the state it leaves."""

    actor: str
    states: frozenset[str]
    new_state: str


ACTIONS = {
    "seen": ReferralAction(SHELTER, frozenset({SENT}), SEEN),
    "accept": ReferralAction(SHELTER, frozenset({*WAITING, ACCEPTED}), ACCEPTED),
    "undo": ReferralAction(SHELTER, frozenset({ACCEPTED}), SEEN),
    "decline": ReferralAction(SHELTER, frozenset(WAITING), DECLINED),
    "waitlist": ReferralAction(SHELTER, frozenset({SENT, SEEN, INFO_REQUESTED}), WAITLISTED),
    "request-info": ReferralAction(SHELTER, frozenset({SENT, SEEN, WAITLISTED}), INFO_REQUESTED),
    "answer-info": ReferralAction(DESK, frozenset({INFO_REQUESTED}), SEEN),
    "arrive": ReferralAction(SHELTER, frozenset({ACCEPTED}), ARRIVED),
    "no-show": ReferralAction(SHELTER, frozenset({ACCEPTED}), NO_SHOW),
    "complete": ReferralAction(SHELTER, frozenset({ARRIVED}), COMPLETED),
    "cancel": ReferralAction(DESK, frozenset({*WAITING, ACCEPTED}), CANCELLED),
}
"""For a shelter's act in a state in which nobody has accepted, the state is that of its own offer."""
SERVICE_ACTIONS = {
    "complete": ReferralAction(DESK, frozenset({SENT}), COMPLETED),
    "no-show": ReferralAction(DESK, frozenset({SENT}), NO_SHOW),
    "cancel": ReferralAction(DESK, frozenset({SENT}), CANCELLED),
}
"""A service without an account is closed by the desk (outside.md, Shelters and referrals)."""


def actions_for(service: str) -> dict[str, ReferralAction]:
    """What may be done with a referral to that service."""
    return ACTIONS if service == SHELTER else SERVICE_ACTIONS


def state_at(
    now: datetime, state: str, deadline: datetime, hold_until: datetime | None, service: str
) -> str:
    """The state that is true at a moment: what was written last, unless time has changed it since."""
    if service == SHELTER and state in WAITING and now >= deadline:
        return EXPIRED
    if state == ACCEPTED and hold_until is not None and now >= hold_until + NO_SHOW_AFTER:
        return NO_SHOW
    return state


def ended_by_time_at(state: str, deadline: datetime, hold_until: datetime | None) -> datetime:
    """The moment from which a referral that time alone has ended is so: expired, or not come."""
    if state == NO_SHOW and hold_until is not None:
        return hold_until + NO_SHOW_AFTER
    return deadline


def combine_offer_states(states: Iterable[str]) -> str:
    """The state of a referral that nobody has accepted, from those of its offers: the furthest that still waits."""
    waiting = [state for state in states if state in WAITING]
    if not waiting:
        return DECLINED
    for state in (INFO_REQUESTED, WAITLISTED, SEEN):
        if state in waiting:
            return state
    return SENT


def is_hold_over(now: datetime, state: str, hold_until: datetime | None) -> bool:
    """Whether a referral was accepted but its places are no longer held."""
    return state == ACCEPTED and hold_until is not None and now >= hold_until
