"""The page of the security log, newest first, only for the administration."""

from flask import Response, request

from app.audit.actions import record_audit
from app.db.session import db
from app.privacy.network_addresses import LOG_PREFIXES
from app.security.rules import RETENTION
from app.security.vocabulary import EVENT_KINDS
from app.staff import queries
from app.staff.views.audit_log import PAGE_SIZE, parse_before
from app.staff.views.blueprint import blueprint
from app.web.access import allow, principal
from app.web.pages import render_page

ZONE = "UTC"


@blueprint.get("/security")
@allow("see_security", audited=True)
def security_log() -> Response:
    """Show a page of the security log, before the line number `before`; the reading is audited."""
    lines = queries.list_security_log(
        db.session(), parse_before(request.args.get("before")), PAGE_SIZE
    )
    record_audit(principal().account_id, "security_read", "security")
    older = lines[-1].number if len(lines) == PAGE_SIZE else None
    return render_page(
        "staff/security_log.html",
        lines=lines,
        older=older,
        EVENT_KINDS=EVENT_KINDS,
        zone=ZONE,
        days=RETENTION.days,
        v4=LOG_PREFIXES[4],
        v6=LOG_PREFIXES[6],
    )
