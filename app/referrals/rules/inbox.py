"""How one shelter sees a referral: its state there, and the beds proposed for the group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from app.referrals.rules import states
from app.shelters.rules import Beds

UNANSWERED = (states.SENT, states.SEEN, states.INFO_REQUESTED)
"""Offers without an answer; a place on the waiting list is an answer, and the group may still be accepted."""
ENDED_AT_SHELTER = (states.DECLINED, states.TAKEN_BY_OTHER)
CLOSED_SHOWN_FOR = timedelta(hours=24)
# Longer than the longest deadline: how far back the page looks for offers that are no longer open.
ARRIVED_SHOWN_FOR = timedelta(days=15)
UNDO_SHOWN_FOR = timedelta(seconds=10)
# How long after an acceptance a group may still be expected: the longest hold, and the day after it.
MAX_EXPECTED = timedelta(minutes=2880) + states.NO_SHOW_AFTER + timedelta(hours=1)


@dataclass(frozen=True)
class ProposedBeds:
    """The beds that a group would get; `share` is the part of them that would then be taken (1.2 is 120 %)."""

    category: str
    free: int
    is_enough: bool
    share: float | None


def state_at_shelter(state_now: str, offer_state: str) -> str:
    """Return the state that a shelter shows, from the referral's current state and that of its own offer."""
    if offer_state in ENDED_AT_SHELTER or state_now in states.WAITING:
        return offer_state
    return state_now


def propose_beds(
    categories: Sequence[str], beds: Mapping[str, Beds], person_count: int
) -> ProposedBeds | None:
    """Return the first of `categories` with enough free beds, else the first that exists.

    None if the shelter has none of these categories.
    """
    available = [beds[category] for category in categories if category in beds]
    sufficient = (category for category in available if category.free >= person_count)
    best = next(sufficient, next(iter(available), None))
    if best is None:
        return None
    percent = replace(best, held=best.held + person_count).percent
    share = None if percent is None else percent / 100
    return ProposedBeds(best.category, best.free, best.free >= person_count, share)
