"""The blueprint of return requests, and how its views find the request of a reference."""

from flask import Blueprint

from app.db.session import db
from app.field_errors import NotFound
from app.returns.queries import requests as queries
from app.returns.queries.requests import RequestRow, StepRow
from app.returns.rules.references import parse_reference
from app.returns.rules.request_state import RequestState
from app.web.access import principal

blueprint = Blueprint("returns", __name__, url_prefix="/returns")


def parse_reference_or_404(reference: str) -> str:
    """Return the five characters of a reference in a URL. Raises NotFound if it is mistyped."""
    code = parse_reference(reference)
    if code is None:
        raise NotFound("reference_mistyped")
    return code


def get_own_request(reference: str) -> tuple[RequestRow, list[StepRow], RequestState]:
    """Return a request in the account's scope, its steps and its state. Raises NotFound if there is none."""
    session, code = db.session(), parse_reference_or_404(reference)
    request = queries.find_request(session, principal().scope, code)
    if request is None:
        raise NotFound("unknown_request")
    steps = queries.list_steps(session, [request])[request.id]
    return request, steps, queries.state_of(request, steps)
