"""Reads which referrals of one group followed each other."""

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
    """The referral that sent the same group on from the same desk; the caller may see the one it came after."""
    after = WITH_DESK.where(
        REFERRALS.c.desk_id == referral.desk_id,
        REFERRALS.c.sent_at >= referral.sent_at,
        REFERRALS.c.after_id == referral.id,
    )
    row = session.execute(after.order_by(REFERRALS.c.sent_at, REFERRALS.c.id).limit(1)).first()
    return ReferralRow(**row._mapping) if row else None


def list_tried_shelters(session: Session, referral: ReferralRow) -> list[str]:
    """Codes of the shelters that this group was sent to so far, whatever they answered, by code."""
    ids, before = [referral.id], referral.after_id
    while before is not None and before not in ids and len(ids) < MAX_CHAIN_LENGTH:
        ids.append(before)
        earlier = find_referral_unscoped(session, before)
        before = earlier.after_id if earlier else None
    offered = (
        select(SHELTERS.c.code)
        .join(OFFERS, OFFERS.c.shelter_id == SHELTERS.c.id)
        .where(OFFERS.c.referral_id.in_(ids))
        .distinct()
    )
    return list(session.scalars(offered.order_by(SHELTERS.c.code)))
