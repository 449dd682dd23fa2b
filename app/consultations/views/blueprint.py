"""The blueprint of consultations, and what its views share: the desk, the row, the rendered form."""

from collections.abc import Collection
from typing import Any

from flask import Blueprint, Response, abort, request

from app import clock
from app.consultations import queries, vocabulary
from app.consultations.forms import template_context
from app.consultations.forms.form_state import FormOptions, FormState, get_form_options
from app.db.session import AnyRow, db
from app.field_errors import FieldError
from app.json_object import JsonObject
from app.people.queries.cards import CardRow
from app.places.queries import DeskRow, find_desk, get_own_desk
from app.settings import current_settings
from app.web.access import principal
from app.web.pages import render_page

blueprint = Blueprint("consultations", __name__, url_prefix="/consultations")
# The only page that may use the camera: it scans visitor cards.
PERMISSIONS_POLICY = "geolocation=(), microphone=(), camera=(self)"
DEFAULTS_COOKIE = "usual"


def own_desk(code: str | None) -> DeskRow:
    """Return the account's desk with a code, or its first desk; 404 if it has no such desk."""
    return get_own_desk(db.session(), principal().scope, code)


def options_at(desk: DeskRow) -> FormOptions:
    """Return the form options that a desk offers today."""
    today = clock.today_at(desk.time_zone)
    start = current_settings().reporting_year_start
    return get_form_options(db.session(), principal().scope, desk, today, start)


def remembered_defaults() -> dict[str, str]:
    """Return channel and modality of the last consultation on this device, from its cookie."""
    channel, _, modality = request.cookies.get(DEFAULTS_COOKIE, "").partition(".")
    is_valid = channel in vocabulary.CHANNELS and modality in vocabulary.MODALITIES
    return {"channel": channel, "modality": modality} if is_valid else {}


def form_page(
    options: FormOptions,
    form_state: FormState,
    errors: list[FieldError],
    status: int = 200,
    **variables: Any,
) -> Response:
    """Render the form of a consultation with its answers and errors; `variables` are further template variables."""
    context = template_context.form_context(options, form_state, errors)
    response = render_page(template_context.TEMPLATE, status, **{**context, **variables})
    response.headers["Permissions-Policy"] = PERMISSIONS_POLICY
    return response


def desk_from_raw(raw: JsonObject) -> DeskRow:
    """Return the account's desk that a form names; its first desk if the form names none of them."""
    desk = find_desk(db.session(), principal().scope, str(raw.get("desk")))
    return desk or own_desk(None)


def get_row_or_404(consultation_id: Any) -> AnyRow:
    """Return the consultation within the account's scope; abort with 404 if there is none."""
    row = queries.find_consultation(db.session(), principal().scope, consultation_id)
    if row is None:
        abort(404)
    return row


def lock_row_or_404(consultation_id: Any, cards: Collection[CardRow] = ()) -> AnyRow:
    """Return the same row, locked until the request ends; `cards` that it will get are locked before it."""
    row = queries.lock_consultation(db.session(), principal().scope, consultation_id, cards)
    if row is None:
        abort(404)
    return row
