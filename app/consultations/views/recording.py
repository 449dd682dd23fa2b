"""Records a consultation by form or as JSON, and renders its form."""

from contextlib import suppress
from datetime import date
from functools import partial
from uuid import UUID

from flask import Response, abort, redirect, request, url_for
from flask_babel import gettext
from werkzeug import Response as AnyResponse
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
from app.consultations.schemas.answers import DifferentAnswer, RecordedAnswer
from app.consultations.schemas.bodies import parse_consultation
from app.consultations.schemas.descriptions import RecordingBody
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
from app.field_errors import FieldError
from app.i18n import language
from app.json_object import JsonObject
from app.people.actions.lookup import CardLookup, look_up_card
from app.places.queries import DeskRow
from app.web.access import allow, principal
from app.web.openapi.describe import describe
from app.web.outcomes import Renderers, respond
from app.web.pages import flash_message, set_preference_cookie
from app.web.requests import is_form, read_body
from app.web.responses import error_response, json_response


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
def redraw_form() -> AnyResponse:
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


def _same_form(raw: JsonObject, form_state: FormState) -> Response:
    if "version" in raw:
        row = get_row_or_404(_id_in(raw))
        change = {"version": raw["version"], "reason": raw.get("reason")}
        options = options_at(own_desk(row.desk))
        return form_page(options, form_state, [], correcting=row, **change)
    if not principal().may("record_consultations"):
        abort(403)
    return form_page(options_at(desk_from_raw(raw)), form_state, [])


def _form_with_card(raw: JsonObject, form_state: FormState) -> AnyResponse:
    if not principal().may("record_consultations") or "version" in raw:
        abort(403)
    desk = desk_from_raw(raw)
    until = clock.today_at(desk.time_zone)
    with suppress(ValueError):
        until = date.fromisoformat(form_state.held_on)
    outcome = look_up_card(db.session(), principal(), desk, form_state.card, until)
    errors_page = partial(form_page, options_at(desk), form_state)
    return outcome.render(
        Renderers(partial(_form_of_last_composition, desk, form_state), invalid=errors_page)
    )


def _form_of_last_composition(desk: DeskRow, form_state: FormState, lookup: CardLookup) -> Response:
    filled = with_last_composition(form_state, lookup.groups)
    answer, was_used = lookup.repeat_contact, bool(lookup.groups)
    return form_page(options_at(desk), filled, [], card_answer=answer, card_was_used=was_used)


def _id_in(raw: JsonObject) -> UUID:
    try:
        return UUID(str(raw.get("id")))
    except ValueError:
        abort(404)


@blueprint.post("")
@allow("record_consultations")
@describe(
    answers={201: RecordedAnswer, 200: RecordedAnswer, 409: DifferentAnswer}, body=RecordingBody
)
def record() -> AnyResponse:
    """Record a consultation; by JSON 201 new, 200 same, 409 different, 422 errors; by form redirect to the day."""
    raw = read_body(from_form)
    outcome = recording.record(db.session(), principal(), parse_consultation(raw))
    return respond(
        outcome,
        as_json=Renderers(partial(_json_saved, raw), _json_different),
        as_page=Renderers(partial(_saved, raw), _different, partial(_form_with_errors, raw)),
    )


def _json_saved(raw: JsonObject, result: RecordingResult) -> AnyResponse:
    payload = {"id": result.id, "arrival": result.arrival, "version": result.version}
    response = json_response(payload, 201 if result.arrival == idempotency.NEW else 200)
    return _with_defaults(response, raw, result)


def _json_different(record_id: str) -> Response:
    return json_response({"id": record_id, "arrival": idempotency.DIFFERENT}, 409)


def _different(_: str) -> Response:
    return error_response(
        409, gettext("Another record has this number. Nothing was stored; start again.")
    )


def _saved(raw: JsonObject, result: RecordingResult) -> AnyResponse:
    details = {"record": result.id, "version": str(result.version)}
    if asks_to_return(raw.get("topics") or (), raw.get("outcomes") or ()):
        details["returning"] = "1"
    flash_message(gettext("Saved."), "saved", **details)
    has_several_desks = len(principal().scope.desks) > 1
    response = redirect(url_for("cases.today", desk=raw["desk"] if has_several_desks else None))
    return _with_defaults(response, raw, result)


def _with_defaults(response: AnyResponse, raw: JsonObject, result: RecordingResult) -> AnyResponse:
    """Return the response, which also remembers channel and modality of a new consultation on this device."""
    if result.arrival == idempotency.NEW and "channel" in raw:
        channel, modality = raw["channel"] or "desk_in_person", raw.get("modality")
        defaults = f"{channel}.{modality or 'informational'}"
        set_preference_cookie(response, DEFAULTS_COOKIE, defaults)
    return response


def _form_with_errors(raw: JsonObject, errors: list[FieldError]) -> Response:
    return form_page(options_at(desk_from_raw(raw)), form_state_from_raw(raw), errors, 422)
