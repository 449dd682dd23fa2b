"""When a group may be sent on to another shelter, and to which one."""

from collections.abc import Collection, Sequence
from datetime import datetime

from app.referrals.rules.states import CANCELLED, DECLINED, EXPIRED, WAITING

ENDED = frozenset({DECLINED, EXPIRED, CANCELLED})


def may_go_on(state: str, reply_bys: Collection[datetime], now: datetime) -> bool:
    """Whether the next shelter may be asked: nobody took the group, or nobody took it in time.

    `reply_bys` are the moments by which the shelters that still wait should have answered.
    """
    if state in ENDED:
        return True
    return state in WAITING and all(moment <= now for moment in reply_bys)


def next_of(suitable: Sequence[str], tried: Collection[str]) -> str | None:
    """The first of the suitable shelters (codes, the best first) that this group was not sent to yet."""
    return next((code for code in suitable if code not in tried), None)
