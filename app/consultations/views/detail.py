"""One record: read, correct, void."""

import json
from typing import Any
from uuid import UUID

from flask import Response, jsonify, redirect, request, url_for
from flask_babel import gettext

from app.audit.actions import record_audit
from app.consultations import queries
from app.consultations.actions import corrections
from app.consultations.actions.corrections import AppliedChange, NotAllowed, VersionConflict
from app.consultations.forms.form_fields import from_form
from app.consultations.forms.form_state import form_state_from_data, form_state_from_raw
from app.consultations.forms.labels import describe, differences
from app.consultations.forms.parsing import parse_consultation
from app.consultations.forms.template_context import CODELISTS
from app.consultations.rules.checks import asks_to_return
from app.consultations.rules.consultation_data import ATTACHED, as_json
from app.consultations.views.blueprint import (
    blueprint,
    form_page,
    get_row_or_404,
    lock_row_or_404,
    options_at,
    own_desk,
)
from app.db.session import db
from app.field_errors import errors_response
from app.web.access import allow, principal
from app.web.pages import flash_message, page
from app.web.requests import is_form, read_json, wants_json
from app.web.responses import error_response

SAID = frozenset({"version", "reason"})


@blueprint.get("/<uuid:consultation_id>")
@allow("correct_consultations", audited=True)
def detail(consultation_id: UUID) -> Response:
    """The record with its version, state and trail; the reading leaves an entry."""
    row = get_row_or_404(consultation_id)
    content = queries.get_consultation_data(db.session(), row)
    record_audit(principal().account_id, "record_read", f"consultation:{row.id}", row.country)
    trail = _trail(row)
    if wants_json():
        said = {**as_json(content), "version": row.version, "state": row.state, "trail": trail}
        return jsonify(said)
    may = corrections.may_change(principal(), row)
    facts: dict[str, Any] = {"describe": describe, "may": may, "asks_to_return": asks_to_return}
    return page("consultations/record.html", row=row, trail=trail, **facts, **CODELISTS)


def _trail(row: Any) -> list[dict[str, Any]]:
    earlier = queries.list_versions_unscoped(db.session(), row.id)
    lines = [_line(old, old.username, _as_said(json.loads(old.content))) for old in earlier]
    name = queries.get_username(db.session(), row.changed_by)
    return [*lines, _line(row, name, as_json(queries.get_consultation_data(db.session(), row)))]


def _as_said(kept: dict[str, Any]) -> dict[str, Any]:
    """A superseded content in the words of the outside: that a card was attached, never which row it is."""
    return {**kept, "card": ATTACHED} if kept.get("card") is not None else kept


def _line(row: Any, username: str, content: dict[str, Any]) -> dict[str, Any]:
    at = row.changed_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    said = {"version": row.version, "state": row.state, "reason": row.reason}
    return {**said, "by": username, "at": at, "content": content}


@blueprint.get("/<uuid:consultation_id>/correct")
@allow("correct_consultations", audited=True)
def correction_form(consultation_id: UUID) -> Response:
    """The page of the consultation filled with what was recorded."""
    row = get_row_or_404(consultation_id)
    if not corrections.may_change(principal(), row):
        return _too_late()
    record_audit(principal().account_id, "record_read", f"consultation:{row.id}", row.country)
    shown = form_state_from_data(queries.get_consultation_data(db.session(), row))
    choices = options_at(own_desk(row.desk))
    return form_page(choices, shown, [], correcting=row, version=row.version)


@blueprint.post("/<uuid:consultation_id>/correct")
@allow("correct_consultations")
def correct(consultation_id: UUID) -> Any:
    """Puts the content sent in the place of the old; 409 with both versions where it moved on."""
    get_row_or_404(consultation_id)
    raw = from_form(request.form) if is_form() else read_json()
    raw.setdefault("id", str(consultation_id))
    reading = parse_consultation(raw, SAID)
    row = lock_row_or_404(consultation_id, corrections.cards_to_lock(db.session(), reading))
    try:
        done = corrections.correct(db.session(), principal(), row, reading, raw)
    except NotAllowed:
        return _too_late()
    if isinstance(done, list) and not wants_json():
        choices = options_at(own_desk(row.desk))
        facts = {"correcting": row, "version": raw.get("version"), "reason": raw.get("reason")}
        return form_page(choices, form_state_from_raw(raw), done, 422, **facts)
    if isinstance(done, VersionConflict) and not wants_json():
        choices = options_at(own_desk(row.desk))
        both = differences(done.yours, done.theirs)
        facts = {"version": done.version, "reason": raw.get("reason"), "stale": done}
        return form_page(
            choices, form_state_from_raw(raw), [], 409, correcting=row, differences=both, **facts
        )
    return _done(done, gettext("Corrected."))


@blueprint.post("/<uuid:consultation_id>/void")
@allow("correct_consultations")
def void(consultation_id: UUID) -> Any:
    """Takes the consultation out of the figures; needs a reason."""
    row = lock_row_or_404(consultation_id)
    raw = from_form(request.form) if is_form() else read_json()
    unknown = raw.keys() - SAID
    try:
        done = corrections.void(db.session(), principal(), row, raw, unknown)
    except NotAllowed:
        return _too_late()
    if isinstance(done, (list, VersionConflict)) and not wants_json():
        sentence = done[0].message if isinstance(done, list) else None
        return error_response(422 if isinstance(done, list) else 409, sentence)
    return _done(done, gettext("Undone.") if raw.get("reason") == "undo" else gettext("Voided."))


def _done(done: AppliedChange | VersionConflict | list[Any], sentence: str) -> Any:
    if isinstance(done, list):
        return errors_response(done)
    if isinstance(done, VersionConflict):
        answer = jsonify({"version": done.version, "yours": done.yours, "theirs": done.theirs})
        answer.status_code = 409
        return answer
    if wants_json():
        return jsonify({"id": done.id, "version": done.version})
    flash_message(sentence)
    row = get_row_or_404(UUID(done.id))
    return redirect(url_for("cases.today", desk=row.desk, day=row.held_on.isoformat()))


def _too_late() -> Response:
    return error_response(403, gettext("Only a supervisor may change this now."))
