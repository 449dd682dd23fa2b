"""The slip that a group carries, and the public page that its QR code leads to."""

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
from app.referrals.queries import referrals as queries
from app.referrals.queries.referrals import ReferralRow
from app.referrals.rules import states
from app.referrals.views.blueprint import blueprint, get_referral_or_404
from app.shelters.queries.shelters import get_shelter, public_view
from app.web.access import allow, limiter, principal
from app.web.pages import PageVariables, public_url_for, redirect_or_json, render_page
from app.web.qr_codes import draw_qr_code

PUBLIC_CARD_LIMIT = "120 per minute"


@blueprint.get("/<uuid:referral_id>/slip")
@allow("follow_referrals", audited=True)
def slip(referral_id: UUID) -> Response:
    """Show the slip to print or to photograph; if there is no valid one, a message that says why."""
    referral = get_referral_or_404(referral_id)
    audited = f"referral:{referral.id}"
    record_audit(principal().account_id, "referral_read", audited, referral.country)
    if referral.service != states.SHELTER:
        abort(404)
    shelter_id = _receiver(referral)
    reason = _invalid_reason(referral, shelter_id)
    if reason or shelter_id is None:
        return render_page("referrals/slip.html", referral=referral, reason=reason, columns=[])
    slip_values = _slip_values(referral, shelter_id)
    return render_page("referrals/slip.html", referral=referral, reason="", **slip_values)


def _receiver(referral: ReferralRow) -> int | None:
    """Return the id of the shelter that accepted, else of the only one that was asked."""
    if referral.shelter_id is not None:
        return referral.shelter_id
    offers = queries.list_offers_unscoped(db.session(), [referral.id])[referral.id]
    return offers[0].shelter_id if len(offers) == 1 else None


def _invalid_reason(referral: ReferralRow, shelter_id: int | None) -> str:
    """Return the code of the reason why there is no valid slip, "" if there is one."""
    state = referral.state_now
    if referral.is_hold_over:
        return "hold_over"
    if state == states.ACCEPTED or (state in states.WAITING and shelter_id is not None):
        return ""
    if state in states.WAITING:
        return "several"
    return "used" if state in (states.ARRIVED, states.COMPLETED) else "ended"


def _slip_values(referral: ReferralRow, shelter_id: int) -> PageVariables:
    shelter = get_shelter(db.session(), shelter_id)
    public_shelter, is_held = public_view(shelter), referral.hold_until is not None
    validity = forms.SlipValidity(_valid_until(referral), shelter.time_zone, is_held)
    n = referral.person_count
    return {
        "shelter": public_shelter,
        "columns": forms.slip_columns(referral.language, public_shelter, n, validity),
        "qr": draw_qr_code(public_url_for("referrals.public_card", referral_id=referral.id)),
    }


def _valid_until(referral: ReferralRow) -> datetime:
    """Return the end of the hold; before acceptance, when the next answer is due, then the deadline."""
    if referral.hold_until is not None:
        return referral.hold_until
    offers = queries.list_offers_unscoped(db.session(), [referral.id])[referral.id]
    due = [offer.reply_by for offer in offers if offer.reply_by > clock.now()]
    return min(due, default=referral.deadline)


@limiter.limit(PUBLIC_CARD_LIMIT)
@allow("public")
def public_card(referral_id: UUID) -> Any:
    """Show the public card of a slip's shelter, in any state of the referral; redirect its own staff to arrivals."""
    referral = queries.find_referral_unscoped(db.session(), referral_id)
    is_to_shelter = referral is not None and referral.service == states.SHELTER
    shelter_id = _receiver(referral) if referral and is_to_shelter else None
    if referral is None or shelter_id is None:
        abort(404)
    if request.method == "GET" and shelter_id in _own_shelters():
        return redirect_or_json(url_for("referrals.arrivals", code=referral.code))
    shelter = public_view(get_shelter(db.session(), shelter_id))
    return render_page("referrals/public.html", shelter=shelter)


def _own_shelters() -> frozenset[int]:
    is_coordinator = current_user.is_authenticated and current_user.may("answer_referrals")
    return current_user.scope.shelters if is_coordinator else frozenset()


@blueprint.record
def _add_public_url(state: BlueprintSetupState) -> None:
    """Add the URL outside the blueprint's prefix: the shorter it is, the larger the modules of the printed QR code."""
    state.app.add_url_rule("/v/<uuid:referral_id>", "referrals.public_card", public_card)
