"""The page and JSON of one referral."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify

from app import clock
from app.audit.actions import note
from app.db.session import db
from app.referrals import vocabulary
from app.referrals.actions.sending import may_send_from
from app.referrals.forms import words
from app.referrals.queries import chain
from app.referrals.queries import referrals as reading
from app.referrals.queries.referrals import EventRow, OfferRow, ReferralRow
from app.referrals.rules import states
from app.referrals.rules.going_on import may_go_on
from app.referrals.views.blueprint import as_json, blueprint, own
from app.shelters.queries.shelters import PublicShelter, list_of_ids, public
from app.staff.vocabulary import ROLES
from app.web.access import allow, principal
from app.web.pages import page
from app.web.requests import wants_json


@blueprint.get("/<uuid:referral_id>")
@allow("follow_referrals", audited=True)
def read(referral_id: UUID) -> Response:
    """The referral's state and what happened to it; the reading leaves an entry."""
    found = own(referral_id)
    note(principal().account_id, "referral_read", f"referral:{found.id}", found.country)
    if wants_json():
        return jsonify(as_json(found))
    offers = _offers(found)
    events = _events(found)
    facts = _chain(found) | _possible(found, offers) | {"shelters": _shelters(offers, events)}
    facts |= {"offers": offers, "events": events, "now": clock.now()}
    facts |= {"v": vocabulary, "ROLES": ROLES, "words": words}
    return page("referrals/referral.html", referral=found, **facts)


def _shelters(offers: list[OfferRow], events: list[EventRow]) -> dict[int, PublicShelter]:
    ids = {one.shelter_id for one in offers} | {one.shelter_id for one in events}
    known = [one for one in ids if one is not None]
    return {key: public(one) for key, one in list_of_ids(db.session(), known).items()}


def _is_desks() -> bool:
    return principal().may("send_referrals")


def _offers(referral: ReferralRow) -> list[OfferRow]:
    """Every offer for the desk; for a shelter's people only their own: who else was asked is not theirs to know."""
    every = reading.list_offers(db.session(), [referral.id])[referral.id]
    own_ones = principal().scope.shelters
    return every if _is_desks() else [one for one in every if one.shelter_id in own_ones]


def _events(referral: ReferralRow) -> list[EventRow]:
    events = reading.list_events(db.session(), referral.id)
    if _is_desks():
        return events
    known = {None, *principal().scope.shelters}
    return [one for one in events if one.shelter_id in known]


def _chain(referral: ReferralRow) -> dict[str, Any]:
    """The referral that this one came after, and the one that followed; for the desk alone."""
    session, scope = db.session(), principal().scope
    if not _is_desks():
        return {"earlier": None, "later": None}
    before = referral.after_id
    earlier = reading.find(session, scope, before) if before is not None else None
    return {"earlier": earlier, "later": chain.find_next(session, referral)}


def _possible(referral: ReferralRow, offers: list[OfferRow]) -> dict[str, Any]:
    """What the reader may do now: acts by their names, and whether the next shelter may be asked."""
    desks = _is_desks() and may_send_from(principal(), referral.desk_id, referral.country)
    state, acts = referral.state_now, states.acts_on(referral.service)
    may = {
        name
        for name, act in acts.items()
        if desks and act.side == states.DESK and state in act.states
    }
    awaited = [one.reply_by for one in offers if one.is_open]
    is_shelter = referral.service == states.SHELTER
    overdue = is_shelter and may_go_on(state, awaited, clock.now())
    asked = [one for one in offers if one.state == states.INFO_REQUESTED]
    return {
        "may": may,
        "may_go_on": desks and overdue,
        "is_waiting": state in states.WAITING,
        "reply_by": max(awaited, default=None),
        "questions": list(dict.fromkeys(code for one in asked for code in one.questions)),
    }
