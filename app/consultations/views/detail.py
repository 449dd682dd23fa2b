"""One consultation: read, correct, void."""

import json
from functools import partial
from uuid import UUID

from flask import Response, redirect, url_for
from flask_babel import gettext
from werkzeug import Response as AnyResponse

from app.audit.actions import record_audit
from app.consultations import queries
from app.consultations.actions import corrections
from app.consultations.actions.corrections import AppliedChange, NotAllowed, VersionConflict
from app.consultations.forms import labels
from app.consultations.forms.form_fields import from_form
from app.consultations.forms.form_state import form_state_from_data, form_state_from_raw
from app.consultations.forms.template_context import CODELISTS
from app.consultations.rules.checks import asks_to_return
from app.consultations.rules.consultation_data import ATTACHED, as_json
from app.consultations.schemas.answers import (
    ChangedAnswer,
    ConsultationAnswer,
    VersionConflictAnswer,
)
from app.consultations.schemas.bodies import VoidBody, parse_correction, parse_void
from app.consultations.schemas.descriptions import ReplacementBody
from app.consultations.views.blueprint import (
    blueprint,
    form_page,
    get_row_or_404,
    lock_row_or_404,
    options_at,
    own_desk,
)
from app.db.session import AnyRow, db
from app.field_errors import FieldError
from app.json_object import JsonObject
from app.web.access import allow, principal
from app.web.openapi.describe import describe
from app.web.outcomes import Renderers, respond
from app.web.pages import flash_message, render_page
from app.web.relative_time import utc_iso
from app.web.requests import read_body, wants_json
from app.web.responses import error_response, json_response


@blueprint.get("/<uuid:consultation_id>")
@allow("correct_consultations", audited=True)
@describe(answers={200: ConsultationAnswer})
def detail(consultation_id: UUID) -> Response:
    """Show a consultation with all its versions and its state; the read is audited."""
    row = get_row_or_404(consultation_id)
    data = queries.get_consultation_data(db.session(), row)
    record_audit(principal().account_id, "record_read", f"consultation:{row.id}", row.country)
    versions = _versions(row)
    if wants_json():
        state = {"version": row.version, "state": row.state}
        return json_response({**as_json(data), **state, "trail": versions})
    variables: dict[str, object] = {
        "versions": versions,
        "may_change": corrections.may_change(principal(), row),
        "describe": labels.describe,
        "asks_to_return": asks_to_return,
    }
    return render_page("consultations/record.html", 200, row=row, **variables, **CODELISTS)


def _versions(row: AnyRow) -> list[JsonObject]:
    """Return all versions of a row, oldest first."""
    superseded = [
        _version(old, old.username, _public(json.loads(old.content)))
        for old in queries.list_versions_unscoped(db.session(), row.id)
    ]
    username = queries.get_username(db.session(), row.changed_by)
    data = queries.get_consultation_data(db.session(), row)
    return [*superseded, _version(row, username, as_json(data))]


def _public(stored: JsonObject) -> JsonObject:
    """Return superseded data as in outside.md: whether a card was attached, never its id."""
    return {**stored, "card": ATTACHED} if stored.get("card") is not None else stored


def _version(row: AnyRow, username: str, content: JsonObject) -> JsonObject:
    at = utc_iso(row.changed_at)
    version = {"version": row.version, "state": row.state, "reason": row.reason}
    return {**version, "by": username, "at": at, "content": content}


@blueprint.get("/<uuid:consultation_id>/correct")
@allow("correct_consultations", audited=True)
def correction_form(consultation_id: UUID) -> Response:
    """Show the form filled with the recorded data."""
    row = get_row_or_404(consultation_id)
    if not corrections.may_change(principal(), row):
        return _too_late()
    record_audit(principal().account_id, "record_read", f"consultation:{row.id}", row.country)
    form_state = form_state_from_data(queries.get_consultation_data(db.session(), row))
    options = options_at(own_desk(row.desk))
    return form_page(options, form_state, [], correcting=row, version=row.version)


@blueprint.post("/<uuid:consultation_id>/correct")
@allow("correct_consultations")
@describe(answers={200: ChangedAnswer, 409: VersionConflictAnswer}, body=ReplacementBody)
def correct(consultation_id: UUID) -> AnyResponse:
    """Replace the data of a consultation; 409 with both versions if it has a newer version."""
    get_row_or_404(consultation_id)
    raw = read_body(from_form)
    raw.setdefault("id", str(consultation_id))
    parsed = parse_correction(raw)
    row = lock_row_or_404(consultation_id, corrections.cards_to_lock(db.session(), parsed))
    try:
        outcome = corrections.correct(db.session(), principal(), row, parsed)
    except NotAllowed:
        return _too_late()
    return respond(
        outcome,
        as_json=JSON_CHANGE,
        as_page=Renderers(
            partial(_back_to_day, gettext("Corrected.")),
            partial(_form_with_conflict, row, raw),
            partial(_form_with_errors, row, raw),
        ),
    )


def _json_changed(change: AppliedChange) -> Response:
    return json_response({"id": change.id, "version": change.version})


def _json_conflict(conflict: VersionConflict) -> Response:
    return json_response(vars(conflict), 409)


JSON_CHANGE = Renderers(_json_changed, _json_conflict)


def _back_to_day(message: str, change: AppliedChange) -> AnyResponse:
    flash_message(message)
    row = get_row_or_404(UUID(change.id))
    return redirect(url_for("cases.today", desk=row.desk, day=row.held_on.isoformat()))


def _form_with_errors(row: AnyRow, raw: JsonObject, errors: list[FieldError]) -> Response:
    options, form_state = options_at(own_desk(row.desk)), form_state_from_raw(raw)
    change = {"version": raw.get("version"), "reason": raw.get("reason")}
    return form_page(options, form_state, errors, 422, correcting=row, **change)


def _form_with_conflict(row: AnyRow, raw: JsonObject, conflict: VersionConflict) -> Response:
    options, form_state = options_at(own_desk(row.desk)), form_state_from_raw(raw)
    variables: dict[str, object] = {"reason": raw.get("reason"), "version": conflict.version}
    variables |= {
        "conflict": conflict,
        "differences": labels.differences(conflict.yours, conflict.theirs),
    }
    return form_page(options, form_state, [], 409, correcting=row, **variables)


@blueprint.post("/<uuid:consultation_id>/void")
@allow("correct_consultations")
@describe(answers={200: ChangedAnswer, 409: VersionConflictAnswer}, body=VoidBody)
def void(consultation_id: UUID) -> AnyResponse:
    """Remove the consultation from the figures; requires a reason."""
    row = lock_row_or_404(consultation_id)
    change = parse_void(read_body(from_form))
    try:
        outcome = corrections.void(db.session(), principal(), row, change)
    except NotAllowed:
        return _too_late()
    message = gettext("Undone.") if change.reason == "undo" else gettext("Voided.")
    return respond(
        outcome,
        as_json=JSON_CHANGE,
        as_page=Renderers(partial(_back_to_day, message), invalid=_void_errors),
    )


def _void_errors(errors: list[FieldError]) -> Response:
    return error_response(422, errors[0].message)


def _too_late() -> Response:
    return error_response(403, gettext("Only a supervisor may change this now."))
