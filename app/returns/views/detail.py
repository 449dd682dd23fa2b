"""One request: its page, and its JSON."""

from typing import Any

from flask import jsonify

from app.audit.actions import record_audit
from app.returns.views.blueprint import blueprint, get_own_request, request_json
from app.returns.views.request_page import render_request_page
from app.web.access import allow, principal
from app.web.requests import wants_json


@blueprint.get("/<reference>")
@allow("see_returns", audited=True)
def read(reference: str) -> Any:
    """Return a request with its steps, open gates and next actions; reading it leaves an audit entry."""
    request, steps, state = get_own_request(reference)
    subject = f"return:{request.display_reference}"
    record_audit(principal().account_id, "return_read", subject, request.country)
    if wants_json():
        return jsonify(request_json(request, steps, state))
    return render_request_page(request, steps, state)
