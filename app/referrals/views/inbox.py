"""The inbox of shelters: its page, the poll of an open page, and the search by the code of a slip."""

from flask import Response, abort, request

from app.audit.actions import record_audit
from app.db.session import db
from app.referrals import vocabulary
from app.referrals.queries import inbox as queries
from app.referrals.queries.etag import get_inbox_status, is_current
from app.referrals.queries.inbox import Inbox
from app.referrals.rules.deadlines import parse_code
from app.referrals.schemas.answers import InboxAnswer
from app.referrals.views.blueprint import blueprint
from app.shelters.vocabulary import BED_CATEGORIES, BED_REASONS
from app.web.access import Scope, allow, principal
from app.web.openapi.describe import describe
from app.web.pages import PageVariables, render_page
from app.web.relative_time import utc_iso
from app.web.requests import wants_json
from app.web.responses import json_response

CODELISTS: PageVariables = {
    "v": vocabulary,
    "categories": BED_CATEGORIES,
    "bed_reasons": BED_REASONS,
}


@blueprint.get("/inbox")
@allow("answer_referrals", audited=True)
@describe(answers={200: InboxAnswer, 304: None})
def inbox() -> Response:
    """Show the inbox and beds of one own shelter; by JSON only what a poll needs; 304 if nothing changed."""
    account_id, scope = principal().account_id, principal().scope
    etag = request.headers.get("If-None-Match", "").removeprefix("W/").strip('"')
    if etag and is_current(db.session(), scope, etag):
        return _not_modified(etag)
    if wants_json() or "poll" in request.args:
        return _status_response(scope)
    status = get_inbox_status(db.session(), scope)
    inboxes = queries.list_inboxes(db.session(), scope)
    selected = _selected(inboxes)
    if selected is not None:
        shelter = selected.shelter
        record_audit(account_id, "inbox_read", f"shelter:{shelter.code}", shelter.country)
    values: PageVariables = {"selected": selected, "inboxes": inboxes, "inbox_status": status}
    return render_page("referrals/inbox.html", **values, **CODELISTS)


def _not_modified(etag: str) -> Response:
    """Return 304 without a body; it is not audited, as it shows nothing about anybody."""
    response = Response(status=304)
    del response.headers["Content-Type"]
    response.headers["ETag"] = f'"{etag}"'
    return response


def _status_response(scope: Scope) -> Response:
    status = get_inbox_status(db.session(), scope)
    answer = InboxAnswer(
        waiting=status.waiting,
        on_the_way=status.on_the_way,
        next_deadline=utc_iso(status.next_deadline) if status.next_deadline else None,
    )
    response = json_response(answer.model_dump())
    response.set_etag(status.etag)
    return response


def _selected(inboxes: list[Inbox]) -> Inbox | None:
    """Return the inbox of the requested shelter, else the first with a group waiting, else the first."""
    code = request.args.get("shelter")
    if code is None:
        waiting = (inbox for inbox in inboxes if inbox.waiting)
        return next(waiting, next(iter(inboxes), None))
    selected = next((inbox for inbox in inboxes if inbox.shelter.code == code), None)
    if selected is None:
        abort(404)
    return selected


@blueprint.get("/arrive")
@allow("answer_referrals", audited=True)
def arrivals() -> Response:
    """Show the group whose slip has this code, if an own shelter expects it; else a message with 404."""
    account_id, scope = principal().account_id, principal().scope
    code = parse_code(request.args.get("code", ""))
    cards = queries.list_by_code(db.session(), scope, code) if code else []
    for card in cards:
        audited = f"referral:{card.referral.id}"
        record_audit(account_id, "referral_read", audited, card.shelter.country)
    status = 200 if cards or "code" not in request.args else 404
    return render_page(
        "referrals/arrivals.html", status, cards=cards, typed=code or "", **CODELISTS
    )
