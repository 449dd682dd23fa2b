"""How one shelter sees a referral: the state that is its own, and the beds that the group would get."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from app.referrals.rules import states
from app.shelters.rules import Beds

UNANSWERED = (states.SENT, states.SEEN, states.INFO_REQUESTED)
"""What a shelter has not answered; who stands on its waiting list is answered, and may still be accepted."""
ENDED_AT_SHELTER = (states.DECLINED, states.TAKEN_BY_OTHER)
CLOSED_SHOWN_FOR = timedelta(hours=24)
ARRIVED_SHOWN_FOR = timedelta(days=15)
"""Longer than the longest deadline: so far back the page looks for offers that are no longer open."""
UNDO_SHOWN_FOR = timedelta(seconds=10)
MAX_EXPECTED = timedelta(minutes=2880) + states.NO_SHOW_AFTER + timedelta(hours=1)
"""So long after an acceptance a group may still be awaited: the longest hold, and the day after it."""


@dataclass(frozen=True)
class ProposedBeds:
    """The beds that a group would get; `share` is what would then be taken of the places (1.2 is 120 %)."""

    category: str
    free: int
    is_enough: bool
    share: float | None


def state_at_shelter(now: str, own: str) -> str:
    """The state that a shelter shows, from that of the referral at this moment and that of its own offer."""
    if own in ENDED_AT_SHELTER or now in states.WAITING:
        return own
    return now


def propose_beds(wanted: Sequence[str], beds: Mapping[str, Beds], party: int) -> ProposedBeds | None:
    """The first wanted category with places enough, else the first there is; None where the shelter has none."""
    there = [beds[category] for category in wanted if category in beds]
    best = next((one for one in there if one.free >= party), next(iter(there), None))
    if best is None:
        return None
    then = replace(best, held=best.held + party).percent
    share = None if then is None else then / 100
    return ProposedBeds(best.category, best.free, best.free >= party, share)
