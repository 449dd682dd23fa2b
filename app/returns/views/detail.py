"""One request: its page, and its JSON."""

from typing import Any

from flask import jsonify

from app.audit.actions import record_audit
from app.returns.views.blueprint import as_json, blueprint, own
from app.returns.views.request_page import request_page
from app.web.access import allow, principal
from app.web.requests import wants_json


@blueprint.get("/<reference>")
@allow("see_returns", audited=True)
def read(reference: str) -> Any:
    """A request with its steps, what is open, and what comes next; the reading leaves an entry."""
    request, steps, standing = own(reference)
    record_audit(principal().account_id, "return_read", f"return:{request.shown}", request.country)
    if wants_json():
        return jsonify(as_json(request, steps, standing))
    return request_page(request, steps, standing)
