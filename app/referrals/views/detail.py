"""The page and JSON of one referral."""

from uuid import UUID

from flask import Response

from app import clock
from app.audit.actions import record_audit
from app.db.session import db
from app.referrals import vocabulary
from app.referrals.actions.create import may_send_from
from app.referrals.forms import labels
from app.referrals.queries import chain
from app.referrals.queries import referrals as queries
from app.referrals.queries.referrals import EventRow, OfferRow, ReferralRow
from app.referrals.rules import states
from app.referrals.rules.forward import may_forward
from app.referrals.schemas.answers import ReferralAnswer
from app.referrals.views.blueprint import (
    acts_for_desk,
    blueprint,
    get_referral_or_404,
    referral_answer,
    visible_offers,
)
from app.shelters.queries.shelters import PublicShelter, public_view, shelters_by_id
from app.staff.vocabulary import ROLES
from app.web.access import allow, principal
from app.web.openapi.describe import describe
from app.web.pages import PageVariables, render_page
from app.web.requests import wants_json
from app.web.responses import json_response


@blueprint.get("/<uuid:referral_id>")
@allow("follow_referrals", audited=True)
@describe(answers={200: ReferralAnswer})
def detail(referral_id: UUID) -> Response:
    """Show a referral's state and events; the read is audited."""
    referral = get_referral_or_404(referral_id)
    audited = f"referral:{referral.id}"
    record_audit(principal().account_id, "referral_read", audited, referral.country)
    if wants_json():
        return json_response(referral_answer(referral).model_dump())
    offers = visible_offers(queries.list_offers_unscoped(db.session(), [referral.id])[referral.id])
    events = _events(referral)
    values = _chain(referral) | _available_actions(referral, offers)
    values |= {"shelters": _shelters(offers, events), "offers": offers, "events": events}
    values |= {"now": clock.now(), "v": vocabulary, "ROLES": ROLES, "labels": labels}
    return render_page("referrals/referral.html", referral=referral, **values)


def _shelters(offers: list[OfferRow], events: list[EventRow]) -> dict[int, PublicShelter]:
    ids = {offer.shelter_id for offer in offers}
    ids |= {event.shelter_id for event in events if event.shelter_id is not None}
    shelters = shelters_by_id(db.session(), ids)
    return {shelter_id: public_view(shelter) for shelter_id, shelter in shelters.items()}


def _events(referral: ReferralRow) -> list[EventRow]:
    """List every event for a desk's account, for a shelter's only those of desks and of its own shelters."""
    events = queries.list_events_unscoped(db.session(), referral.id)
    if acts_for_desk():
        return events
    visible = {None, *principal().scope.shelters}
    return [event for event in events if event.shelter_id in visible]


def _chain(referral: ReferralRow) -> PageVariables:
    """Return the referrals that this one came after and that followed it; both None for a shelter's account."""
    session, scope = db.session(), principal().scope
    if not acts_for_desk():
        return {"previous": None, "following": None}
    previous = (
        queries.find_referral(session, scope, referral.previous_referral_id)
        if referral.previous_referral_id
        else None
    )
    return {"previous": previous, "following": chain.find_next_referral(session, referral)}


def _available_actions(referral: ReferralRow, offers: list[OfferRow]) -> PageVariables:
    """Return which actions the reader may perform now, by name, and whether the next shelter may be asked."""
    is_own_desk = acts_for_desk() and may_send_from(principal(), referral.desk_id, referral.country)
    state, actions = referral.state_now, states.actions_for(referral.service)
    allowed = {
        name
        for name, action in actions.items()
        if is_own_desk and action.actor == states.DESK and state in action.states
    }
    reply_bys = [offer.reply_by for offer in offers if offer.is_open]
    is_shelter = referral.service == states.SHELTER
    pending = [offer for offer in offers if offer.state == states.INFO_REQUESTED]
    return {
        "may": allowed,
        "may_forward": is_own_desk and is_shelter and may_forward(state, reply_bys, clock.now()),
        "is_waiting": state in states.WAITING,
        "questions": list(dict.fromkeys(code for offer in pending for code in offer.questions)),
    }
