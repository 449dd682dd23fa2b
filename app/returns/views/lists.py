"""The list of return requests with the consents to renew, and the search by reference."""

from statistics import median

from flask import Response, abort, request, url_for

from app import clock
from app.audit.actions import record_audit
from app.db.session import db
from app.field_errors import FieldError, NotFound
from app.places.queries import DeskRow, list_desks
from app.returns.actions.record_stage import actor_of
from app.returns.queries.lists import (
    RequestFilter,
    ReturnRequestLine,
    ReturnRequestList,
    list_expiring,
    list_requests,
)
from app.returns.queries.requests import find_request
from app.returns.rules.available_actions import may_record
from app.returns.rules.references import parse_reference
from app.returns.rules.stages import CONSENT
from app.returns.views.blueprint import blueprint
from app.returns.views.request_page import TEMPLATE_LISTS
from app.returns.vocabulary import STAGES
from app.web.access import allow, principal
from app.web.pages import redirect_or_json, render_page
from app.web.requests import wants_json


@blueprint.get("", endpoint="list")
@allow("see_returns", audited=True)
def list_page() -> Response:
    """The requests of the account's desks and countries, longest waiting first; the reading leaves an audit entry."""
    session, scope = db.session(), principal().scope
    desks = list_desks(session, scope)
    query = _filter_from_args(desks)
    _record_reading(query.desk, desks)
    listed = list_requests(session, scope, query)
    expiring = [] if query.are_closed else _list_expiring(query.desk, desks)
    return render_page(
        "returns/list.html",
        200,
        listed=listed,
        query=query,
        desks=desks,
        expiring=expiring,
        renewable={line.request.id for line in expiring if _may_renew(line)},
        median_days=_median_days(listed),
        **TEMPLATE_LISTS,
    )


def _filter_from_args(desks: list[DeskRow]) -> RequestFilter:
    stage, code = request.args.get("stage", ""), request.args.get("desk", "")
    desk = next((desk for desk in desks if desk.code == code), None)
    if (stage and stage not in STAGES) or (code and desk is None):
        abort(404)
    return RequestFilter(stage, desk, request.args.get("closed") == "1")


def _record_reading(desk: DeskRow | None, desks: list[DeskRow]) -> None:
    """Record one audit entry for each desk or country that is listed."""
    account_id, countries = principal().account_id, principal().scope.countries
    read_desks = [desk] if desk else [row for row in desks if row.country not in countries]
    for row in read_desks:
        record_audit(account_id, "returns_read", f"desk:{row.code}", row.country)
    for country in sorted(countries) if desk is None else ():
        record_audit(account_id, "returns_read", f"country:{country}", country)


def _list_expiring(desk: DeskRow | None, desks: list[DeskRow]) -> list[ReturnRequestLine]:
    days = [clock.today_at(row.time_zone) for row in ([desk] if desk else desks)]
    if not days:
        return []
    return list_expiring(db.session(), principal().scope, max(days), RequestFilter(desk=desk))


def _may_renew(line: ReturnRequestLine) -> bool:
    """Whether the account itself may renew the consent of a line."""
    return may_record(line.state, CONSENT, actor_of(principal()), line.request.today)


def _median_days(listed: ReturnRequestList) -> float | None:
    """Return the median days from consent to departure of the listed lines; None if nobody departed."""
    days = [line.days_to_departure for line in listed.lines if line.days_to_departure is not None]
    return median(days) if days else None


@blueprint.get("/find")
@allow("see_returns")
def find() -> Response:
    """Redirect to the request of a typed reference; else a message, 422 if mistyped, 404 if unknown."""
    text = request.args.get("reference", "").strip()
    code = parse_reference(text)
    match = find_request(db.session(), principal().scope, code) if code else None
    if match is not None:
        return redirect_or_json(url_for("returns.read", reference=match.display_reference))
    error = "unknown_request" if code else "reference_mistyped"
    if wants_json():
        raise NotFound(error)
    message = FieldError("reference", error).message if text else ""
    status = 200 if not text else 404 if code else 422
    return render_page("returns/search.html", status, text=text, error=message)
