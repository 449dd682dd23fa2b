"""Leaves the trace of what happened to a referral."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app import clock
from app.month import Month
from app.referrals.queries.referrals import EVENTS, ReferralRow
from app.web.access import Principal

NEW = insert(EVENTS)


@dataclass(frozen=True)
class Happened:
    """The state that was left, at which shelter, why, and when where that is not now."""

    state: str
    shelter_id: int | None = None
    reason: str = ""
    at: datetime | None = None


def leave_event(
    session: Session, by: Principal | None, referral: ReferralRow, what: Happened
) -> None:
    """One entry of what happened, by whom (nobody where time did it), in the month of the desk's own day."""
    moment = what.at or clock.now()
    session.execute(
        NEW.values(
            referral_id=referral.id,
            state=what.state,
            at=moment,
            country=referral.country,
            desk_id=referral.desk_id,
            month=int(Month.of(clock.day_at(moment, referral.time_zone))),
            account_id=by.account_id if by else None,
            role=by.role if by else "",
            shelter_id=what.shelter_id,
            reason=what.reason,
        )
    )
