"""The timeline of one consultation."""

from uuid import UUID

from flask import Response, abort

from app.audit.actions import record_audit
from app.cases import queries
from app.cases.views.blueprint import blueprint
from app.consultations.rules.checks import asks_to_return
from app.db.session import db
from app.referrals import vocabulary
from app.referrals.forms import labels
from app.returns.forms.labels import action_label
from app.staff.vocabulary import ROLES
from app.web.access import allow, principal
from app.web.pages import render_page


@blueprint.get("/cases/<uuid:consultation_id>")
@allow("see_today", audited=True)
def timeline(consultation_id: UUID) -> Response:
    """The consultation, its referrals and return requests with all their events; reading it leaves an audit entry."""
    account = principal()
    case = queries.find_timeline(db.session(), account.scope, consultation_id)
    if case is None:
        abort(404)
    row = case.consultation
    record_audit(account.account_id, "record_read", f"consultation:{row.id}", row.country)
    return render_page(
        "cases/timeline.html",
        case=case,
        vocabulary=vocabulary,
        labels=labels,
        action_label=action_label,
        ROLES=ROLES,
        asks_to_return=asks_to_return,
    )
