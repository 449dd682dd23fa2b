"""Records the events of referrals."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app import clock
from app.month import Month
from app.referrals.queries.referrals import EVENTS, ReferralRow
from app.web.access import Principal

INSERT_EVENT = insert(EVENTS)


@dataclass(frozen=True)
class EventData:
    """The new state, at which shelter, the reason, and the moment (None for now)."""

    state: str
    shelter_id: int | None = None
    reason: str = ""
    at: datetime | None = None


def record_event(
    session: Session, principal: Principal | None, referral: ReferralRow, event: EventData
) -> None:
    """Record an event in the month of the desk's own day; `principal` is None if time alone caused it."""
    moment = event.at or clock.now()
    session.execute(
        INSERT_EVENT.values(
            referral_id=referral.id,
            state=event.state,
            at=moment,
            country=referral.country,
            desk_id=referral.desk_id,
            month=int(Month.containing(clock.day_at(moment, referral.time_zone))),
            account_id=principal.account_id if principal else None,
            role=principal.role if principal else "",
            shelter_id=event.shelter_id,
            reason=event.reason,
        )
    )
