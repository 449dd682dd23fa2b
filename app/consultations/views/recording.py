"""Records a consultation, by page and by JSON."""

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
from app.consultations.forms.parsing import parse_consultation
from app.consultations.rules.checks import asks_to_return
from app.consultations.views.blueprint import (
    USUAL_COOKIE,
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
    """The page that records; `like=last` fills in the last one's nationality and topics."""
    desk = own_desk(request.args.get("desk"))
    choices = options_at(desk)
    shown = blank_form(choices.last_day, remembered_defaults())
    if request.args.get("like") == "last":
        last = queries.find_last_by_author(db.session(), principal().scope, principal().account_id)
        if last is not None:
            content = queries.get_consultation_data(db.session(), last)
            shown = prefill_from_last(content, choices.last_day, remembered_defaults())
    return form_page(choices, shown, [])


@blueprint.post("/new")
@allow("correct_consultations")
def redraw_form() -> Response:
    """The page, of a new record or a correction, with the answers so far; nothing is stored.

    In another language (`switch_locale`), with room for one more nationality (`more_groups`), or with the people that
    the card held last (`look_card`).
    """
    if not is_form():
        raise UnsupportedMediaType
    sent = request.form.copy()
    chosen, more = sent.pop("switch_locale", None), sent.pop("more_groups", None)
    looks = sent.pop("look_card", None) is not None
    raw = from_form(sent)
    shown = form_state_from_raw(raw)
    if more and len(shown.groups) < 8:
        shown.groups.append(FormGroup())
    if chosen in language.LOCALES:
        language.switch(str(chosen))
    answer = _looked_up(raw, shown) if looks and shown.card else _drawn_again(raw, shown)
    if chosen in language.LOCALES:
        set_preference_cookie(answer, language.COOKIE, str(chosen))
    return answer


def _drawn_again(raw: dict[str, Any], shown: FormState) -> Response:
    if "version" in raw:
        row = get_row_or_404(_id_in(raw))
        facts = {"version": raw["version"], "reason": raw.get("reason")}
        return form_page(options_at(own_desk(row.desk)), shown, [], correcting=row, **facts)
    if not principal().may("record_consultations"):
        abort(403)
    return form_page(options_at(desk_from_raw(raw)), shown, [])


def _looked_up(raw: dict[str, Any], shown: FormState) -> Response:
    if not principal().may("record_consultations") or "version" in raw:
        abort(403)
    desk = desk_from_raw(raw)
    until = clock.today_at(desk.time_zone)
    with suppress(ValueError):
        until = date.fromisoformat(shown.held_on)
    found = look_up_card(db.session(), principal(), desk, shown.card, until)
    if isinstance(found, str):
        return form_page(options_at(desk), shown, [FieldError("card", found)])
    filled = with_last_composition(shown, found.groups)
    return form_page(
        options_at(desk), filled, [], told=found.repeat_contact, met=bool(found.groups)
    )


def _id_in(raw: dict[str, Any]) -> UUID:
    try:
        return UUID(str(raw.get("id")))
    except ValueError:
        abort(404)


@blueprint.post("")
@allow("record_consultations")
def record() -> Any:
    """Records; by JSON 201 new, 200 same, 409 different, 422 problems; by form on to the day's list."""
    raw = from_form(request.form) if is_form() else read_json()
    recorded = recording.record(db.session(), principal(), parse_consultation(raw))
    if isinstance(recorded, list):
        return errors_response(recorded) if wants_json() else _ask_again(raw, recorded)
    answer = _told(recorded) if wants_json() else _go_on(recorded, raw)
    usual = f"{raw.get('channel') or 'desk_in_person'}.{raw.get('modality') or 'informational'}"
    if recorded.arrival == idempotency.NEW and "channel" in raw:
        set_preference_cookie(answer, USUAL_COOKIE, usual)
    return answer


def _told(recorded: RecordingResult) -> Response:
    said = {"id": recorded.id, "arrival": recorded.arrival}
    if recorded.arrival == idempotency.DIFFERENT:
        answer = jsonify(said)
        answer.status_code = 409
        return answer
    answer = jsonify({**said, "version": recorded.version})
    answer.status_code = 201 if recorded.arrival == idempotency.NEW else 200
    return answer


def _go_on(recorded: RecordingResult, raw: dict[str, Any]) -> Any:
    if recorded.arrival == idempotency.DIFFERENT:
        return error_response(
            409, gettext("Another record has this number. Nothing was stored; start anew.")
        )
    marked = (raw.get("topics") or (), raw.get("outcomes") or ())
    facts = {"returning": "1"} if asks_to_return(*marked) else {}
    flash_message(
        gettext("Saved."), "saved", record=recorded.id, version=str(recorded.version), **facts
    )
    several = len(principal().scope.desks) > 1
    return redirect(url_for("cases.today", desk=raw["desk"] if several else None))


def _ask_again(raw: dict[str, Any], errors: list[FieldError]) -> Response:
    return form_page(options_at(desk_from_raw(raw)), form_state_from_raw(raw), errors, 422)
