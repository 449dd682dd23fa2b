"""The inbox of a shelter: its page, what an open page asks again and again, and the slip that somebody brings."""

from typing import Any

from flask import Response, abort, jsonify, request

from app.audit.actions import record_audit
from app.db.session import db
from app.referrals import vocabulary
from app.referrals.queries import inbox as reading
from app.referrals.queries.etag import get_inbox_status, is_current
from app.referrals.queries.inbox import Inbox
from app.referrals.rules.deadlines import parse_code
from app.referrals.views.blueprint import blueprint
from app.shelters.vocabulary import BED_CATEGORIES, BED_REASONS
from app.web.access import Scope, allow, principal
from app.web.pages import page
from app.web.relative_time import iso
from app.web.requests import wants_json

WORDS: dict[str, Any] = {"v": vocabulary, "categories": BED_CATEGORIES, "bed_reasons": BED_REASONS}


@blueprint.get("/inbox")
@allow("answer_referrals", audited=True)
def inbox() -> Response:
    """What waits for an answer, who is on the way, and the beds; by JSON only whether anything changed."""
    asking = principal()
    known = request.headers.get("If-None-Match", "").removeprefix("W/").strip('"')
    if known and is_current(db.session(), asking.scope, known):
        return _nothing_new(known)
    if wants_json() or "poll" in request.args:
        return _changed(asking.scope)
    waiting = get_inbox_status(db.session(), asking.scope)
    every = reading.list_inboxes(db.session(), asking.scope)
    shown = _shown(every)
    if shown is not None:
        there = shown.shelter
        record_audit(asking.account_id, "inbox_read", f"shelter:{there.code}", there.country)
    return page("referrals/inbox.html", shown=shown, every=every, stamp=waiting, **WORDS)


def _nothing_new(etag: str) -> Response:
    """304 without a body; it leaves no entry, for it says nothing about anybody."""
    answer = Response(status=304)
    del answer.headers["Content-Type"]
    answer.headers["ETag"] = f'"{etag}"'
    return answer


def _changed(scope: Scope) -> Response:
    found = get_inbox_status(db.session(), scope)
    due = found.next_deadline
    said = {"waiting": found.waiting, "on_the_way": found.on_the_way}
    answer = jsonify(said | {"next_deadline": iso(due) if due else None})
    answer.set_etag(found.etag)
    return answer


def _shown(every: list[Inbox]) -> Inbox | None:
    """The shelter that is asked for, else the first where somebody waits, else the first."""
    code = request.args.get("shelter")
    if code is None:
        waiting = (one for one in every if one.waiting)
        return next(waiting, next(iter(every), None))
    found = next((one for one in every if one.shelter.code == code), None)
    if found is None:
        abort(404)
    return found


@blueprint.get("/arrive")
@allow("answer_referrals", audited=True)
def arriving() -> Response:
    """The group whose slip carries this code, where an own shelter awaits it; else one sentence, 404."""
    asking, code = principal(), parse_code(request.args.get("code", ""))
    found = reading.list_by_code(db.session(), asking.scope, code) if code else []
    for card in found:
        record_audit(
            asking.account_id, "referral_read", f"referral:{card.referral.id}", card.shelter.country
        )
    status = 200 if found or "code" not in request.args else 404
    typed = code or ""
    return page("referrals/arriving.html", status, cards=found, typed=typed, **WORDS)
