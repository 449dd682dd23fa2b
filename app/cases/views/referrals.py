"""Chooses where to send a group, sends it, and sends it on: by programs and by the page."""

from typing import Any
from uuid import UUID

from flask import Response, abort, jsonify, request, url_for
from flask_babel import gettext

from app.audit.actions import record_audit
from app.cases.actions import referrals as actions
from app.cases.forms import referrals as forms
from app.cases.forms.referrals import Shown
from app.cases.queries.timeline import people_of
from app.cases.views.blueprint import blueprint
from app.cases.views.desk import own_desk
from app.cases.views.referral_page import choosing_page
from app.consultations.queries import find_consultation
from app.db import idempotency
from app.db.session import db
from app.field_errors import FIELD_ERRORS, FieldError, errors_response
from app.i18n import language
from app.referrals.actions.action_context import ActionRefused
from app.referrals.actions.create import ReferralIntake
from app.referrals.forms.referral import parse_referral
from app.web.access import allow, principal
from app.web.pages import redirect_or_json, set_preference_cookie, flash_message
from app.web.requests import is_form, read_json, wants_json
from app.web.responses import error_response


@blueprint.get("/referrals/new")
@allow("send_referrals", audited=True)
def new_referral() -> Response:
    """The page on which a shelter or another service is chosen; `consultation` carries its people over."""
    number = request.args.get("consultation")
    kind = request.args.get("to", "")
    if not number:
        desk = own_desk(request.args.get("desk"))
        return choosing_page(desk, forms.blank(desk.code, kind), {})
    shown = _from_consultation(number, kind)
    shown.consent = request.args.get("agreed") == "1"
    return choosing_page(own_desk(shown.desk), shown, {})


def _from_consultation(number: str, kind: str) -> Shown:
    session, asking = db.session(), principal()
    try:
        row = find_consultation(session, asking.scope, UUID(number))
    except ValueError:
        row = None
    if row is None:
        abort(404)
    record_audit(asking.account_id, "record_read", f"consultation:{row.id}", row.country)
    shown = forms.blank(row.desk, kind)
    people = people_of(session, row)
    return forms.carry_over(shown, str(row.id), people, (row.language or "", row.flags or []))


@blueprint.post("/referrals/new")
@allow("send_referrals")
def choose_again() -> Response:
    """The page with the answers so far and the shelters for this group, in another language where `switch_locale` says.

    Nothing is sent or stored.
    """
    sent = request.form.copy()
    chosen = sent.pop("switch_locale", "")
    shown = forms.of_form(sent)
    desk = own_desk(shown.desk)
    if chosen not in language.LOCALES:
        return choosing_page(desk, shown, {})
    language.switch(chosen)
    answer = choosing_page(desk, shown, {})
    set_preference_cookie(answer, language.COOKIE, chosen)
    return answer


@blueprint.post("/referrals")
@allow("send_referrals")
def send_referral() -> Any:
    """Sends; by JSON 201 new, 200 same, 409 different, 422 problems; by form on to the referral's page."""
    raw = forms.sent_fields(request.form) if is_form() else read_json()
    content, errors = parse_referral(raw)
    sent = errors or actions.refer(db.session(), principal(), content)
    if isinstance(sent, list):
        return errors_response(sent) if wants_json() or not is_form() else _ask_again(raw, sent)
    return _told(sent, content.id) if wants_json() else _go_on(sent, gettext("Sent."))


def _told(sent: ReferralIntake, referral_id: str) -> Response:
    if sent.referral is None:
        answer = jsonify({"id": referral_id, "arrival": sent.outcome})
        answer.status_code = 409
        return answer
    one = sent.referral
    said = {"id": str(one.id), "arrival": sent.outcome, "code": one.code, "state": one.state_now}
    ends = one.deadline.strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = jsonify({**said, "version": one.version, "deadline": ends})
    answer.status_code = 201 if sent.outcome == idempotency.NEW else 200
    return answer


def _go_on(sent: ReferralIntake, sentence: str) -> Any:
    if sent.referral is None:
        told = gettext("Another referral has this number. Nothing was sent; start anew.")
        return error_response(409, told)
    flash_message(sentence)
    return redirect_or_json(url_for("referrals.read", referral_id=sent.referral.id))


def _ask_again(raw: dict[str, Any], errors: list[FieldError]) -> Response:
    shown = forms.of_form(request.form)
    desk = own_desk(shown.desk)
    return choosing_page(desk, shown, forms.placed(errors, raw), 422)


@blueprint.post("/referrals/<uuid:referral_id>/next")
@allow("send_referrals")
def next_shelter(referral_id: UUID) -> Any:
    """Sends the same group to the next suitable shelter: 201 as a new one; 409 where there is none, or no need."""
    sent = actions.send_on(db.session(), principal(), referral_id)
    if sent is None:
        abort(404)
    if isinstance(sent, list):
        return errors_response(sent) if wants_json() else error_response(422, sent[0].message)
    if isinstance(sent, ActionRefused):
        return _not_sent_on(sent)
    if wants_json():
        return _told(sent, str(referral_id))
    return _go_on(sent, gettext("Sent to the next shelter."))


def _not_sent_on(why: ActionRefused) -> Response:
    sentence = gettext(FIELD_ERRORS[why.code].label)
    if not wants_json():
        return error_response(409, sentence)
    answer = jsonify({"state": why.state, "problem": why.code, "message": sentence})
    answer.status_code = 409
    return answer
