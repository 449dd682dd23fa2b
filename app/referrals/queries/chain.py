"""Reads the chain of referrals that forwarded one group."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.referrals.queries.referrals import (
    OFFERS,
    REFERRALS,
    WITH_DESK,
    ReferralRow,
    find_referral_unscoped,
)
from app.shelters.queries.shelters import SHELTERS

MAX_CHAIN_LENGTH = 50


def find_next_referral(session: Session, referral: ReferralRow) -> ReferralRow | None:
    """Find the referral that forwarded the same group from the same desk.

    Not scoped: the caller has checked that the account may see `referral`.
    """
    following = WITH_DESK.where(
        REFERRALS.c.desk_id == referral.desk_id,
        REFERRALS.c.sent_at >= referral.sent_at,
        REFERRALS.c.previous_referral_id == referral.id,
    )
    row = session.execute(following.order_by(REFERRALS.c.sent_at, REFERRALS.c.id).limit(1)).first()
    return ReferralRow(**row._mapping) if row else None


def list_tried_shelters(session: Session, referral: ReferralRow) -> list[str]:
    """List the codes of the shelters that this group was sent to so far, whatever they answered."""
    ids, previous_id = [referral.id], referral.previous_referral_id
    while previous_id is not None and previous_id not in ids and len(ids) < MAX_CHAIN_LENGTH:
        ids.append(previous_id)
        previous = find_referral_unscoped(session, previous_id)
        previous_id = previous.previous_referral_id if previous else None
    offered = (
        select(SHELTERS.c.code)
        .join(OFFERS, OFFERS.c.shelter_id == SHELTERS.c.id)
        .where(OFFERS.c.referral_id.in_(ids))
        .distinct()
    )
    return list(session.scalars(offered.order_by(SHELTERS.c.code)))
