"""All that came of one consultation."""

from typing import Any
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
from app.web.pages import page


@blueprint.get("/cases/<uuid:consultation_id>")
@allow("see_today", audited=True)
def timeline(consultation_id: UUID) -> Response:
    """The consultation, its referrals and return requests with all that happened; the reading leaves an entry."""
    asking = principal()
    found = queries.get_timeline(db.session(), asking.scope, consultation_id)
    if found is None:
        abort(404)
    row = found.consultation
    record_audit(asking.account_id, "record_read", f"consultation:{row.id}", row.country)
    facts: dict[str, Any] = {"v": vocabulary, "words": labels, "ROLES": ROLES}
    facts |= {"act_in_words": action_label, "asks_to_return": asks_to_return}
    return page("cases/timeline.html", case=found, **facts)
