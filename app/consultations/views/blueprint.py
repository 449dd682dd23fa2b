"""The blueprint that both files of views share, and how they draw the page of a consultation."""

from collections.abc import Collection
from typing import Any

from flask import Blueprint, Response, abort, request

from app import clock
from app.consultations import queries, vocabulary
from app.consultations.forms import form_state as shown_page
from app.consultations.forms import template_context
from app.consultations.forms.form_state import FormOptions, FormState
from app.db.session import Record, db
from app.field_errors import FieldError
from app.people.queries.cards import CardRow
from app.places.queries import DeskRow, find_desk, list_desks
from app.settings import current_settings
from app.web.access import principal
from app.web.pages import page

blueprint = Blueprint("consultations", __name__, url_prefix="/consultations")
CAMERA = "geolocation=(), microphone=(), camera=(self)"
"""Only here may the page itself use the camera: to scan a visitor card."""
USUAL_COOKIE = "usual"


def own_desk(code: str | None) -> DeskRow:
    """The account's desk of that code, or its first; 404 where it is not its own or it has none."""
    session, scope = db.session(), principal().scope
    found = (
        find_desk(session, scope, code) if code else next(iter(list_desks(session, scope)), None)
    )
    if found is None:
        abort(404)
    return found


def options_at(desk: DeskRow) -> FormOptions:
    """What the desk offers today."""
    today = clock.today_at(desk.time_zone)
    start = current_settings().reporting_year_start
    return shown_page.get_form_options(db.session(), principal().scope, desk, today, start)


def remembered_defaults() -> dict[str, str]:
    """Channel and modality of the last consultation on this device."""
    channel, _, modality = request.cookies.get(USUAL_COOKIE, "").partition(".")
    right = channel in vocabulary.CHANNELS and modality in vocabulary.MODALITIES
    return {"channel": channel, "modality": modality} if right else {}


def form_page(
    choices: FormOptions,
    shown: FormState,
    errors: list[FieldError],
    status: int = 200,
    **facts: Any,
) -> Response:
    """The page of a consultation with its answers and problems."""
    drawn = template_context.form_context(choices, shown, errors)
    answer = page(template_context.TEMPLATE, status, **{**drawn, **facts})
    answer.headers["Permissions-Policy"] = CAMERA
    return answer


def desk_from_raw(raw: dict[str, Any]) -> DeskRow:
    """The own desk that a form was filled in at; the account's first where it names none of its own."""
    code = raw.get("desk")
    found = find_desk(db.session(), principal().scope, code) if isinstance(code, str) else None
    return found or own_desk(None)


def get_row_or_404(consultation_id: Any) -> Record:
    """The consultation within the account's scope; 404 where there is none or it is somebody else's."""
    row = queries.find_consultation(db.session(), principal().scope, consultation_id)
    if row is None:
        abort(404)
    return row


def lock_row_or_404(consultation_id: Any, cards: Collection[CardRow] = ()) -> Record:
    """The same row, held until the request ends; `cards` that it is to be given are held before it."""
    row = queries.lock_consultation(db.session(), principal().scope, consultation_id, cards)
    if row is None:
        abort(404)
    return row
