"""The page of the audit log, newest first: all of it for an admin, the own countries' for a supervisor."""

from flask import Response, abort, request, url_for

from app.audit.actions import record_audit
from app.audit.vocabulary import ACTIONS, SUBJECTS
from app.db.session import db
from app.places.vocabulary import programme
from app.staff import queries
from app.staff.views.blueprint import blueprint
from app.web.access import allow, principal
from app.web.pages import redirect_or_json, render_page

PAGE_SIZE = 100


@blueprint.get("/audit")
@allow("see_audit", audited=True)
def audit_log() -> Response:
    """Show a page of the audit log, before the line number `before`; the reading is audited."""
    current = principal()
    within = None if current.role == "admin" else sorted(current.scope.countries)
    before = parse_before(request.args.get("before"))
    lines = queries.list_audit_log(db.session(), within, before, PAGE_SIZE)
    record_audit(current.account_id, "trail_read", "trail", current.scope.home_country)
    home = programme().get(current.scope.home_country)
    zone = home.time_zone if home else "UTC"
    older = lines[-1].number if len(lines) == PAGE_SIZE else None
    return render_page(
        "staff/audit_log.html",
        lines=lines,
        zone=zone,
        older=older,
        ACTIONS=ACTIONS,
        SUBJECTS=SUBJECTS,
    )


@blueprint.get("/trail")
@allow("see_audit")
def moved_audit_log() -> Response:
    """Redirect from the former address of the audit log."""
    return redirect_or_json(url_for("staff.audit_log", before=request.args.get("before")))


def parse_before(text: str | None) -> int | None:
    """Return the line number before which a page begins, None for the first page; 404 for anything but a number."""
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        abort(404)
    return int(text)
