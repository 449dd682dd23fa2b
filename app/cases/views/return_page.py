"""The page on which a return request is opened, and the page that names an existing request."""

from collections.abc import Mapping

from flask import Response

from app.cases.forms.returns import ReturnFormState, offered_nationalities
from app.codelists.shared_codelists import COUNTER_LISTS, SPECIAL_NATIONALITIES
from app.db.session import db
from app.field_errors import FIELD_ERRORS
from app.i18n import language
from app.places.queries import DeskRow, list_desks
from app.returns import vocabulary
from app.returns.queries.requests import RequestRow
from app.web.access import principal
from app.web.pages import render_page

TEMPLATE_LISTS: dict[str, object] = {
    **COUNTER_LISTS,
    "vocabulary": vocabulary,
    "FIELD_ERRORS": FIELD_ERRORS,
    "SPECIAL_NATIONALITIES": SPECIAL_NATIONALITIES,
}


def render_return_page(
    desk: DeskRow, form: ReturnFormState, errors: Mapping[str, str], status: int = 200
) -> Response:
    """Render the page with its answers, the desk's usual nationalities, and messages by field."""
    session, scope = db.session(), principal().scope
    return render_page(
        "cases/new_return.html",
        status,
        desk=desk,
        desks=list_desks(session, scope),
        form=form,
        errors=errors,
        persons=form.persons,
        nationalities=offered_nationalities(session, scope, desk, form),
        world=language.countries_by_name(language.current_locale()),
        **TEMPLATE_LISTS,
    )


def render_existing_request(return_request: RequestRow) -> Response:
    """Render the 409 page that names the request a consultation already has, and its stage."""
    return render_page(
        "cases/existing_request.html", 409, return_request=return_request, **TEMPLATE_LISTS
    )
