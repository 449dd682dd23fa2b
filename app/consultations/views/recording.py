"""Records a consultation by form or as JSON, and renders its form."""

from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, abort, jsonify, redirect, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import UnsupportedMediaType

from app import clock
from app.consultations import queries
from app.consultations.actions import recording
from app.consultations.actions.recording import RecordingResult
from app.consultations.forms.form_fields import from_form
from app.consultations.forms.form_state import (
    FormGroup,
    FormState,
    blank_form,
    form_state_from_raw,
    prefill_from_last,
    with_last_composition,
)
from app.consultations.rules.checks import asks_to_return
from app.consultations.schemas import parse_consultation
from app.consultations.views.blueprint import (
    DEFAULTS_COOKIE,
    blueprint,
    desk_from_raw,
    form_page,
    get_row_or_404,
    options_at,
    own_desk,
    remembered_defaults,
)
from app.db import idempotency
from app.db.session import db
from app.field_errors import FieldError, errors_response
from app.i18n import language
from app.people.actions.lookup import look_up_card
from app.web.access import allow, principal
from app.web.pages import flash_message, set_preference_cookie
from app.web.requests import is_form, read_json, wants_json
from app.web.responses import error_response


@blueprint.get("/new")
@allow("record_consultations")
def new() -> Response:
    """Show the form; `like=last` fills in nationalities and topics of the account's last consultation."""
    desk = own_desk(request.args.get("desk"))
    options = options_at(desk)
    form_state = blank_form(options.last_day, remembered_defaults())
    if request.args.get("like") == "last":
        last = queries.find_last_by_author(db.session(), principal().scope, principal().account_id)
        if last is not None:
            data = queries.get_consultation_data(db.session(), last)
            form_state = prefill_from_last(data, options.last_day, remembered_defaults())
    return form_page(options, form_state, [])


@blueprint.post("/new")
@allow("correct_consultations")
def redraw_form() -> Response:
    """Render the form of a new consultation or a correction again with the answers so far; store nothing.

    The form is in another language (`switch_locale`), has one more nationality (`more_groups`), or has the people that
    came with the card last (`look_card`).
    """
    if not is_form():
        raise UnsupportedMediaType
    form = request.form.copy()
    locale, more = form.pop("switch_locale", None), form.pop("more_groups", None)
    looks_up = form.pop("look_card", None) is not None
    raw = from_form(form)
    form_state = form_state_from_raw(raw)
    if more and len(form_state.groups) < 8:
        form_state.groups.append(FormGroup())
    if locale in language.LOCALES:
        language.switch_locale(str(locale))
    looks_up = looks_up and bool(form_state.card)
    response = _form_with_card(raw, form_state) if looks_up else _same_form(raw, form_state)
    if locale in language.LOCALES:
        set_preference_cookie(response, language.LOCALE_COOKIE, str(locale))
    return response


def _same_form(raw: dict[str, Any], form_state: FormState) -> Response:
    if "version" in raw:
        row = get_row_or_404(_id_in(raw))
        change = {"version": raw["version"], "reason": raw.get("reason")}
        options = options_at(own_desk(row.desk))
        return form_page(options, form_state, [], correcting=row, **change)
    if not principal().may("record_consultations"):
        abort(403)
    return form_page(options_at(desk_from_raw(raw)), form_state, [])


def _form_with_card(raw: dict[str, Any], form_state: FormState) -> Response:
    if not principal().may("record_consultations") or "version" in raw:
        abort(403)
    desk = desk_from_raw(raw)
    until = clock.today_at(desk.time_zone)
    with suppress(ValueError):
        until = date.fromisoformat(form_state.held_on)
    lookup = look_up_card(db.session(), principal(), desk, form_state.card, until)
    if isinstance(lookup, str):
        return form_page(options_at(desk), form_state, [FieldError("card", lookup)])
    filled = with_last_composition(form_state, lookup.groups)
    answer, was_used = lookup.repeat_contact, bool(lookup.groups)
    return form_page(options_at(desk), filled, [], card_answer=answer, card_was_used=was_used)


def _id_in(raw: dict[str, Any]) -> UUID:
    try:
        return UUID(str(raw.get("id")))
    except ValueError:
        abort(404)


@blueprint.post("")
@allow("record_consultations")
def record() -> Any:
    """Record a consultation; by JSON 201 new, 200 same, 409 different, 422 errors; by form redirect to the day."""
    raw = from_form(request.form) if is_form() else read_json()
    result = recording.record(db.session(), principal(), parse_consultation(raw))
    if isinstance(result, list):
        return errors_response(result) if wants_json() else _form_with_errors(raw, result)
    response = _json_response(result) if wants_json() else _redirect(result, raw)
    defaults = f"{raw.get('channel') or 'desk_in_person'}.{raw.get('modality') or 'informational'}"
    if result.outcome == idempotency.NEW and "channel" in raw:
        set_preference_cookie(response, DEFAULTS_COOKIE, defaults)
    return response


def _json_response(result: RecordingResult) -> Response:
    payload = {"id": result.id, "arrival": result.outcome}
    if result.outcome == idempotency.DIFFERENT:
        response = jsonify(payload)
        response.status_code = 409
        return response
    response = jsonify({**payload, "version": result.version})
    response.status_code = 201 if result.outcome == idempotency.NEW else 200
    return response


def _redirect(result: RecordingResult, raw: dict[str, Any]) -> Any:
    if result.outcome == idempotency.DIFFERENT:
        return error_response(
            409, gettext("Another record has this number. Nothing was stored; start anew.")
        )
    details = {"record": result.id, "version": str(result.version)}
    if asks_to_return(raw.get("topics") or (), raw.get("outcomes") or ()):
        details["returning"] = "1"
    flash_message(gettext("Saved."), "saved", **details)
    has_several_desks = len(principal().scope.desks) > 1
    return redirect(url_for("cases.today", desk=raw["desk"] if has_several_desks else None))


def _form_with_errors(raw: dict[str, Any], errors: list[FieldError]) -> Response:
    return form_page(options_at(desk_from_raw(raw)), form_state_from_raw(raw), errors, 422)
