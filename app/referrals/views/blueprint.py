"""The blueprint of referrals: which of them a reader may see, and their JSON."""

from uuid import UUID

from flask import Blueprint, abort

from app.db.session import db
from app.referrals.queries import referrals as queries
from app.referrals.queries.referrals import EventRow, OfferRow, ReferralRow
from app.referrals.schemas.answers import OfferAnswer, ReferralAnswer, ReferralEventAnswer
from app.shelters.queries.shelters import shelters_by_id
from app.web.access import principal
from app.web.relative_time import utc_iso

blueprint = Blueprint("referrals", __name__, url_prefix="/referrals")


def get_referral_or_404(referral_id: UUID) -> ReferralRow:
    """Return a referral in the account's scope; raises 404 if there is none."""
    referral = queries.find_referral(db.session(), principal().scope, referral_id)
    if referral is None:
        abort(404)
    return referral


def acts_for_desk() -> bool:
    """Whether the account works for desks; who only works for shelters may not learn of other shelters."""
    return principal().may("send_referrals")


def visible_offers(offers: list[OfferRow]) -> list[OfferRow]:
    """Return every offer for a desk's account, for a shelter's only its own.

    Which other shelters were asked, and which one accepted, is not theirs to know.
    """
    own = principal().scope.shelters
    return offers if acts_for_desk() else [offer for offer in offers if offer.shelter_id in own]


def referral_answer(referral: ReferralRow) -> ReferralAnswer:
    """Return the body promised for `GET /referrals/<id>` (outside.md); no note, no composition."""
    session = db.session()
    every_offer = queries.list_offers_unscoped(session, [referral.id])[referral.id]
    offers = visible_offers(every_offer)
    shelters = shelters_by_id(session, [offer.shelter_id for offer in offers])
    codes = {shelter.id: shelter.code for shelter in shelters.values()}
    only_shelter_id = offers[0].shelter_id if len(every_offer) == 1 else None
    events = queries.list_events_unscoped(session, referral.id)
    return ReferralAnswer(
        id=str(referral.id),
        code=referral.code,
        state=referral.state_now,
        version=referral.version,
        deadline=utc_iso(referral.deadline),
        hold_until=utc_iso(referral.hold_until) if referral.hold_until else None,
        shelter=codes.get(referral.shelter_id or only_shelter_id or 0),
        offers=[
            OfferAnswer(shelter=codes[offer.shelter_id], state=offer.state) for offer in offers
        ],
        events=[_event_answer(event) for event in events],
    )


def _event_answer(event: EventRow) -> ReferralEventAnswer:
    return ReferralEventAnswer(state=event.state, at=utc_iso(event.at), by_role=event.role or None)
