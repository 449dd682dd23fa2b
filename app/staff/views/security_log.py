"""The page of the security log, newest first, only for the administration."""

from flask import Response, request

from app.audit.actions import record_audit
from app.db.session import db
from app.privacy.network_addresses import SHOWN
from app.security.rules import RETENTION
from app.security.vocabulary import EVENTS
from app.staff import queries
from app.staff.views.audit_log import PAGE_SIZE, parse_before
from app.staff.views.blueprint import blueprint
from app.web.access import allow, principal
from app.web.pages import page

ZONE = "UTC"


@blueprint.get("/security")
@allow("see_security", audited=True)
def security() -> Response:
    """Show a page of the security log, before the line number `before`; the reading is audited."""
    lines = queries.list_security_log(
        db.session(), parse_before(request.args.get("before")), PAGE_SIZE
    )
    record_audit(principal().account_id, "security_read", "security")
    older = lines[-1].number if len(lines) == PAGE_SIZE else None
    return page(
        "staff/security_log.html",
        lines=lines,
        older=older,
        EVENTS=EVENTS,
        zone=ZONE,
        days=RETENTION.days,
        v4=SHOWN[4],
        v6=SHOWN[6],
    )
