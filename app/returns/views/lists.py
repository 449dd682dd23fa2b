"""The list of return requests: by stage and desk, whom each waits for, consents to renew; and the search for one."""

from statistics import median
from typing import Any

from flask import Response, abort, request, url_for

from app import clock
from app.audit.actions import record_audit
from app.db.session import db
from app.field_errors import NotFound, FieldError
from app.places.queries import DeskRow, list_desks
from app.returns.actions.record_stage import actor_of
from app.returns.queries import requests as reading
from app.returns.queries.lists import Line, ReturnRequestList, RequestFilter, list_expiring, list_requests
from app.returns.rules.available_actions import may_record
from app.returns.rules.references import parse_reference
from app.returns.rules.stages import CONSENT
from app.returns.views.blueprint import blueprint
from app.returns.views.request_page import WORDS
from app.returns.vocabulary import STAGES
from app.web.access import allow, principal
from app.web.pages import redirect_or_json, page
from app.web.requests import wants_json


@blueprint.get("", endpoint="list")
@allow("see_returns", audited=True)
def list_page() -> Response:
    """The requests of own desks and countries, those that wait longest first; the reading leaves an entry."""
    session, asking = db.session(), principal()
    desks = list_desks(session, asking.scope)
    wanted = _wanted(desks)
    _note(wanted.desk, desks)
    listed = list_requests(session, asking.scope, wanted)
    expiring = [] if wanted.are_closed else _expiring(wanted.desk, desks)
    facts: dict[str, Any] = {"listed": listed, "wanted": wanted, "desks": desks}
    facts |= {"expiring": expiring, "renewable": {one.request.id for one in expiring if _may(one)}}
    return page("returns/list.html", median_days=_median(listed), **facts, **WORDS)


def _wanted(desks: list[DeskRow]) -> RequestFilter:
    stage, code = request.args.get("stage", ""), request.args.get("desk", "")
    desk = next((one for one in desks if one.code == code), None)
    if (stage and stage not in STAGES) or (code and desk is None):
        abort(404)
    return RequestFilter(stage, desk, request.args.get("closed") == "1")


def _note(desk: DeskRow | None, desks: list[DeskRow]) -> None:
    """One entry for each desk or country that is listed."""
    by, scope = principal().account_id, principal().scope
    seen = [desk] if desk else [one for one in desks if one.country not in scope.countries]
    for one in seen:
        record_audit(by, "returns_read", f"desk:{one.code}", one.country)
    for country in sorted(scope.countries) if desk is None else ():
        record_audit(by, "returns_read", f"country:{country}", country)


def _expiring(desk: DeskRow | None, desks: list[DeskRow]) -> list[Line]:
    days = [clock.today_at(one.time_zone) for one in ([desk] if desk else desks)]
    if not days:
        return []
    return list_expiring(db.session(), principal().scope, max(days), RequestFilter(desk=desk))


def _may(line: Line) -> bool:
    """Whether the account may renew the consent of a line itself."""
    return may_record(line.state, CONSENT, actor_of(principal()), line.request.today)


def _median(listed: ReturnRequestList) -> float | None:
    """The median days from consent to departure of the lines that are shown."""
    took = [one.days_to_departure for one in listed.lines if one.days_to_departure is not None]
    return median(took) if took else None


@blueprint.get("/find")
@allow("see_returns")
def find() -> Response:
    """On to the request of a typed reference; else one sentence, 422 where mistyped, 404 where there is none."""
    typed = request.args.get("reference", "").strip()
    signs = parse_reference(typed)
    found = reading.find(db.session(), principal().scope, signs) if signs else None
    if found is not None:
        return redirect_or_json(url_for("returns.read", reference=found.shown))
    code = "unknown_request" if signs else "reference_mistyped"
    if wants_json():
        raise NotFound(code)
    wrong = FieldError("reference", code).message if typed else ""
    status = 200 if not typed else 404 if signs else 422
    return page("returns/search.html", status, typed=typed, wrong=wrong)
