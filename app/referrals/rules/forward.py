"""When a group may be forwarded to another shelter, and to which one."""

from collections.abc import Collection, Sequence
from datetime import datetime

from app.referrals.rules.states import CANCELLED, DECLINED, EXPIRED, WAITING

ENDED_STATES = frozenset({DECLINED, EXPIRED, CANCELLED})


def may_forward(state: str, reply_bys: Collection[datetime], now: datetime) -> bool:
    """Whether the next shelter may be asked: no shelter took the group, or none answered in time.

    `reply_bys` are the moments by which the shelters that still wait should have answered.
    """
    if state in ENDED_STATES:
        return True
    return state in WAITING and all(moment <= now for moment in reply_bys)


def next_shelter_code(suitable: Sequence[str], tried: Collection[str]) -> str | None:
    """Return the first suitable shelter (codes, the best first) that this group was not sent to yet."""
    return next((code for code in suitable if code not in tried), None)
