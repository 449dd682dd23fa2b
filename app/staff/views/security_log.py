"""The security log, newest first, for the administration alone."""

from typing import Any

from flask import Response, request

from app.audit.actions import record_audit
from app.db.session import db
from app.privacy.network_addresses import SHOWN
from app.security.rules import KEPT
from app.security.vocabulary import EVENTS
from app.staff import queries
from app.staff.views.audit_log import LINES, before
from app.staff.views.blueprint import blueprint
from app.web.access import allow, principal
from app.web.pages import page

ZONE = "UTC"


@blueprint.get("/security")
@allow("see_security", audited=True)
def security() -> Response:
    """A page of the security log, from before the line that `before` names; the reading leaves an entry."""
    lines = queries.list_security(db.session(), before(request.args.get("before")), LINES)
    record_audit(principal().account_id, "security_read", "security")
    older = lines[-1].number if len(lines) == LINES else None
    facts: dict[str, Any] = {"zone": ZONE, "days": KEPT.days, "v4": SHOWN[4], "v6": SHOWN[6]}
    return page("staff/security.html", lines=lines, older=older, EVENTS=EVENTS, **facts)
