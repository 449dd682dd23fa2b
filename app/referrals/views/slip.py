"""The slip that a person carries, and what a stranger sees who scans it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, abort, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_login import current_user

from app import clock
from app.audit.actions import record_audit
from app.db.session import db
from app.referrals.forms import slip as forms
from app.referrals.queries import referrals as reading
from app.referrals.queries.referrals import ReferralRow
from app.referrals.rules import states
from app.referrals.views.blueprint import blueprint, get_referral_or_404
from app.shelters.queries.shelters import get_shelter, public_view
from app.web.access import allow, limiter, principal
from app.web.pages import redirect_or_json, page, public_link
from app.web.qr_codes import draw

PER_MINUTE = "120 per minute"


@blueprint.get("/<uuid:referral_id>/slip")
@allow("follow_referrals", audited=True)
def slip(referral_id: UUID) -> Response:
    """The slip to print or to photograph; where it is not valid (any more), a sentence that says so."""
    found = get_referral_or_404(referral_id)
    record_audit(principal().account_id, "referral_read", f"referral:{found.id}", found.country)
    if found.service != states.SHELTER:
        abort(404)
    shelter_id = _receiver(found)
    why = _why_not(found, shelter_id)
    if why or shelter_id is None:
        return page("referrals/slip.html", referral=found, why=why, columns=[])
    return page("referrals/slip.html", referral=found, why="", **_printed(found, shelter_id))


def _receiver(referral: ReferralRow) -> int | None:
    """The shelter that accepted, or the only one that was asked."""
    if referral.shelter_id is not None:
        return referral.shelter_id
    offers = reading.list_offers(db.session(), [referral.id])[referral.id]
    return offers[0].shelter_id if len(offers) == 1 else None


def _why_not(referral: ReferralRow, shelter_id: int | None) -> str:
    """Why there is no slip, in a word that the page says in a sentence; nothing where there is one."""
    state = referral.state_now
    if referral.is_hold_over:
        return "hold_over"
    if state == states.ACCEPTED or (state in states.WAITING and shelter_id is not None):
        return ""
    if state in states.WAITING:
        return "several"
    return "used" if state in (states.ARRIVED, states.COMPLETED) else "ended"


def _printed(referral: ReferralRow, shelter_id: int) -> dict[str, Any]:
    shelter = get_shelter(db.session(), shelter_id)
    seen = public_view(shelter)
    until = (_until(referral), shelter.time_zone, referral.hold_until is not None)
    return {
        "shelter": seen,
        "columns": forms.slip_columns(referral.language, seen, referral.party, until),
        "qr": draw(public_link("referrals.public_card", referral_id=referral.id)),
    }


def _until(referral: ReferralRow) -> datetime:
    """When the places are given away; before there are any, when the answer is due, and then when it is too late."""
    if referral.hold_until is not None:
        return referral.hold_until
    offers = reading.list_offers(db.session(), [referral.id])[referral.id]
    due = [one.reply_by for one in offers if one.reply_by > clock.now()]
    return min(due, default=referral.deadline)


@limiter.limit(PER_MINUTE)
@allow("public")
def public_card(referral_id: UUID) -> Any:
    """The public card of the shelter that a slip leads to, whatever came of the group; its own go to arrivals."""
    found = reading.find_referral_unscoped(db.session(), referral_id)
    shelter_id = _receiver(found) if found and found.service == states.SHELTER else None
    if found is None or shelter_id is None:
        abort(404)
    if request.method == "GET" and shelter_id in _own_shelters():
        return redirect_or_json(url_for("referrals.arriving", code=found.code))
    return page("referrals/public.html", shelter=public_view(get_shelter(db.session(), shelter_id)))


def _own_shelters() -> frozenset[int]:
    is_coordinator = current_user.is_authenticated and current_user.may("answer_referrals")
    return current_user.scope.shelters if is_coordinator else frozenset()


@blueprint.record
def _open(state: BlueprintSetupState) -> None:
    """Stands outside of the blueprint's own address: the shorter it is, the coarser the code on paper."""
    state.app.add_url_rule("/v/<uuid:referral_id>", "referrals.public_card", public_card)
