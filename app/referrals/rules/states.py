"""The states of a referral: which action is allowed in which one, by whom, and what time alone changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

SENT, SEEN, INFO_REQUESTED, WAITLISTED = "sent", "seen", "info_requested", "waitlisted"
ACCEPTED, DECLINED, ARRIVED = "accepted", "declined", "arrived"
NO_SHOW, COMPLETED, CANCELLED, EXPIRED = "no_show", "completed", "cancelled", "expired"
TAKEN_BY_OTHER = "taken"
"""Only of an offer: another shelter accepted first."""
WAITING = (SENT, SEEN, INFO_REQUESTED, WAITLISTED)
"""Neither accepted nor declined; the deadline runs."""
FINAL = frozenset({DECLINED, NO_SHOW, COMPLETED, CANCELLED, EXPIRED})
EXPIRABLE = (*WAITING, ACCEPTED)
"""States that time alone may end."""
# How long after the end of the hold a group without an arrival counts as not come.
NO_SHOW_AFTER = timedelta(hours=24)
# Ten seconds on the page, and five for a slow connection.
UNDO_WINDOW = timedelta(seconds=15)

SHELTER, DESK = "shelter", "desk"


@dataclass(frozen=True)
class ReferralAction:
    """An action on a referral: who performs it (SHELTER or DESK), in which states, and the new state."""

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
"""While no shelter has accepted, `states` of a shelter's action are those of its own offer."""
SERVICE_ACTIONS = {
    "complete": ReferralAction(DESK, frozenset({SENT}), COMPLETED),
    "no-show": ReferralAction(DESK, frozenset({SENT}), NO_SHOW),
    "cancel": ReferralAction(DESK, frozenset({SENT}), CANCELLED),
}
"""A service without an account is closed by the desk (outside.md, Shelters and referrals)."""


def actions_for(service: str) -> dict[str, ReferralAction]:
    """Return the actions on a referral to that service, by name."""
    return ACTIONS if service == SHELTER else SERVICE_ACTIONS


def state_at(
    now: datetime, state: str, deadline: datetime, hold_until: datetime | None, service: str
) -> str:
    """Return the state at `now`: the stored one, unless time has changed it since."""
    if service == SHELTER and state in WAITING and now >= deadline:
        return EXPIRED
    if state == ACCEPTED and hold_until is not None and now >= hold_until + NO_SHOW_AFTER:
        return NO_SHOW
    return state


def ended_by_time_at(state: str, deadline: datetime, hold_until: datetime | None) -> datetime:
    """Return when time alone ended a referral: the deadline, or the day after the hold of a no-show."""
    if state == NO_SHOW and hold_until is not None:
        return hold_until + NO_SHOW_AFTER
    return deadline


def combine_offer_states(states: Iterable[str]) -> str:
    """Return the state of a referral without acceptance from its offers': the furthest one that still waits."""
    waiting = [state for state in states if state in WAITING]
    if not waiting:
        return DECLINED
    for state in (INFO_REQUESTED, WAITLISTED, SEEN):
        if state in waiting:
            return state
    return SENT


def is_hold_over(now: datetime, state: str, hold_until: datetime | None) -> bool:
    """Whether a referral was accepted but its beds are no longer held."""
    return state == ACCEPTED and hold_until is not None and now >= hold_until
