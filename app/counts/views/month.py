"""Figures of a month: the page and its JSON."""

from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, request, url_for

from app.audit.actions import record_audit
from app.counts import forms
from app.counts.queries.cells import Asked
from app.counts.queries.figures import as_json, get_figures
from app.counts.views import showing
from app.db.session import db
from app.settings import current_settings
from app.web.access import allow, principal
from app.web.pages import render_page

blueprint = Blueprint("counts", __name__)


@blueprint.get("/counts")
@allow("see_counts", audited=True)
def figures() -> Response:
    """The page of a country's, a desk's or the programme's month; the reading leaves an entry."""
    asked = _asked()
    if asked == forms.FORBIDDEN:
        kept: dict[str, Any] = {name: request.args.get(name) for name in ("month", "compare")}
        first = min(principal().scope.countries)
        return redirect(url_for("counts.figures", country=first, **kept))  # type: ignore[return-value]
    return render_page("counts/month.html", **vars(showing.get_page(principal().scope, _noted(asked))))


@blueprint.get("/counts.json")
@allow("see_counts", audited=True)
def figures_json() -> Response:
    """The same figures as JSON (outside.md, Counts); the reading leaves an entry."""
    asked = _noted(_asked())
    shown, _, _ = get_figures(db.session(), principal().scope, asked)
    return jsonify(as_json(shown))


def _asked() -> Asked | int:
    begins = current_settings().reporting_year_start
    return forms.read(principal().scope, request.args, begins)


def _noted(asked: Asked | int) -> Asked:
    if isinstance(asked, int):
        abort(asked)
    wanted = asked.wanted
    subject = f"figures:{wanted.name}:{wanted.month}"
    record_audit(principal().account_id, "figures_read", subject, wanted.country or "")
    return asked
