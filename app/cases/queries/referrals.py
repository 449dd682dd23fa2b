"""The referrals on a desk's day."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.places.queries import DeskRow
from app.referrals.queries import referrals as referral_queries
from app.referrals.queries.referrals import OfferRow, ReferralRow
from app.referrals.rules.states import ACCEPTED, WAITING
from app.shelters.queries.shelters import PublicShelter, public_view, shelters_by_id
from app.web.access import Scope

STILL_OPEN = frozenset({*WAITING, ACCEPTED})
"""States of a referral that a desk still has to follow on later days."""


@dataclass(frozen=True)
class DayReferral:
    """One referral on the list of the day; `shelters` are those that may still answer, or the one that accepted.

    `is_older` if it was sent before that day and is still open.
    """

    row: ReferralRow
    shelters: list[PublicShelter]
    offers: list[OfferRow]
    is_older: bool


def list_day_referrals(
    session: Session, scope: Scope, desk: DeskRow, span: tuple[datetime, datetime]
) -> list[DayReferral]:
    """Return the desk's referrals sent in a span, and the older ones still open, the latest first."""
    start, end = span
    recent = referral_queries.list_of_desk(session, scope, desk.id, start, end)
    rows = [row for row in recent if row.sent_at >= start or row.state_now in STILL_OPEN]
    offers = referral_queries.list_offers_unscoped(session, [row.id for row in rows])
    ids = {offer.shelter_id for row_offers in offers.values() for offer in row_offers}
    shelters = {key: public_view(row) for key, row in shelters_by_id(session, ids).items()}
    return [
        DayReferral(
            row, _receivers(row, offers[row.id], shelters), offers[row.id], row.sent_at < start
        )
        for row in rows
    ]


def _receivers(
    row: ReferralRow, offers: list[OfferRow], shelters: dict[int, PublicShelter]
) -> list[PublicShelter]:
    if row.shelter_id is not None:
        return [shelters[row.shelter_id]]
    open_offers = [offer for offer in offers if offer.is_open] or offers
    return [shelters[offer.shelter_id] for offer in open_offers]
