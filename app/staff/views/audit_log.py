"""The audit trail, newest first: all of it for an admin, the own countries' for a supervisor."""

from typing import Any

from flask import Response, abort, request

from app.audit.actions import record_audit
from app.audit.vocabulary import ACTS, SUBJECTS
from app.db.session import db
from app.places.vocabulary import programme
from app.staff import queries
from app.staff.views.blueprint import blueprint
from app.web.access import allow, principal
from app.web.pages import page

LINES = 100


@blueprint.get("/trail")
@allow("see_audit", audited=True)
def trail() -> Response:
    """A page of the trail, from before the line that `before` names; the reading leaves an entry."""
    asking = principal()
    within = None if asking.role == "admin" else sorted(asking.scope.countries)
    lines = queries.list_trail(db.session(), within, before(request.args.get("before")), LINES)
    record_audit(asking.account_id, "trail_read", "trail", asking.scope.home)
    home = programme().get(asking.scope.home)
    zone = home.time_zone if home else "UTC"
    older = lines[-1].number if len(lines) == LINES else None
    words: dict[str, Any] = {"ACTS": ACTS, "SUBJECTS": SUBJECTS}
    return page("staff/trail.html", lines=lines, zone=zone, older=older, **words)


def before(text: str | None) -> int | None:
    """The number of the line before which a page begins; 404 for what is no number."""
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        abort(404)
    return int(text)
