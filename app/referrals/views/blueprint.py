"""The blueprint of referrals, and how their JSON is written."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, jsonify
from flask_babel import gettext

from app.db.session import db
from app.field_errors import FIELD_ERRORS
from app.referrals.actions.action_context import ActionRefused
from app.referrals.actions.perform import ActionResult
from app.referrals.queries import referrals as reading
from app.referrals.queries.referrals import ReferralRow
from app.shelters.queries.shelters import shelters_by_id
from app.web.access import principal

blueprint = Blueprint("referrals", __name__, url_prefix="/referrals")


def get_referral_or_404(referral_id: UUID) -> ReferralRow:
    """The referral of that id in the account's scope; 404 where there is none."""
    found = reading.find_referral(db.session(), principal().scope, referral_id)
    if found is None:
        abort(404)
    return found


def moment(value: Any) -> str | None:
    """A moment as programs read it: ISO 8601, UTC."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if value else None


def referral_json(referral: ReferralRow) -> dict[str, Any]:
    """The promise of `GET /referrals/<id>` (outside.md); no note, no composition.

    A shelter's people learn of their own shelters only: who else was asked, and who accepted, is not theirs to know.
    """
    session, asking = db.session(), principal()
    every = reading.list_offers(session, [referral.id])[referral.id]
    is_desks = asking.may("send_referrals")
    offers = [one for one in every if is_desks or one.shelter_id in asking.scope.shelters]
    shelters = shelters_by_id(session, [one.shelter_id for one in offers])
    codes = {one.id: one.code for one in shelters.values()}
    only = offers[0].shelter_id if len(every) == 1 else None
    return {
        "id": str(referral.id),
        "code": referral.code,
        "state": referral.state_now,
        "version": referral.version,
        "deadline": moment(referral.deadline),
        "hold_until": moment(referral.hold_until),
        "shelter": codes.get(referral.shelter_id or only or 0),
        "offers": [{"shelter": codes[one.shelter_id], "state": one.state} for one in offers],
        "events": [
            {"state": one.state, "at": moment(one.at), "by_role": one.role or None}
            for one in reading.list_events(session, referral.id)
        ],
    }


def action_response(done: ActionResult) -> Response:
    """The 200 of an act."""
    return jsonify({"id": str(done.id), "state": done.state, "version": done.version})


def refusal_response(why: ActionRefused) -> Response:
    """The 409 of an act that state, beds or version no longer allow."""
    said = {"state": why.state, "problem": why.code, "message": gettext(FIELD_ERRORS[why.code].label)}
    answer = jsonify(said)
    answer.status_code = 409
    return answer
