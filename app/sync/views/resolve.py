"""Resolving a quarantined record: the consultation form with its answers, and the change itself."""

from functools import partial
from uuid import uuid4

from flask import Response, redirect, url_for
from flask_babel import gettext
from werkzeug import Response as AnyResponse

from app.consultations.forms import template_context
from app.consultations.forms.form_fields import from_form
from app.consultations.forms.form_state import FormGroup, form_state_from_raw
from app.consultations.schemas.bodies import parse_consultation
from app.consultations.schemas.descriptions import RecordingBody
from app.db.session import db
from app.field_errors import FieldError
from app.i18n import language
from app.json_object import JsonObject
from app.sync.actions import quarantine as actions
from app.sync.forms import payload_summary
from app.sync.forms import quarantine as forms
from app.sync.forms.quarantine import QuarantinedRecord
from app.sync.views.blueprint import blueprint
from app.sync.views.quarantine import NUMBER, get_record, lock_record, record_page, refusal_of
from app.web.access import allow, principal
from app.web.openapi.answers import ErrorAnswer, NothingAnswer
from app.web.openapi.describe import describe
from app.web.outcomes import Renderers, respond
from app.web.pages import flash_message, redirect_or_json, render_page
from app.web.requests import read_body
from app.web.responses import error_response, json_response


@blueprint.get(f"/quarantine/{NUMBER}/resolve")
@allow("resolve_envelopes", audited=True)
def resolve_page(number: int) -> AnyResponse:
    """Show the consultation form with the answers as they arrived, and their errors at their fields."""
    record = get_record(number)
    refusal = refusal_of(record)
    if refusal is not None:
        return refusal
    if not record.is_consultation or record.is_tally:
        return redirect(url_for("sync.envelope", number=number))
    return _form_page(record, record.data, None)


@blueprint.get(f"/quarantine/{NUMBER}/mend")
@allow("resolve_envelopes")
def moved_resolve_page(number: int) -> Response:
    """Redirect from the former address of the page that resolves a record."""
    return redirect_or_json(url_for("sync.resolve_page", number=number))


def _form_page(
    record: QuarantinedRecord, raw: JsonObject, errors: list[FieldError] | None
) -> Response:
    state = form_state_from_raw(payload_summary.well_formed(raw))
    if raw.get("more_groups") and len(state.groups) < 8:
        state.groups.append(FormGroup())
    context = forms.form_context(db.session(), principal(), record, state, errors)
    if context is None:
        return error_response(403, gettext("Only the supervisor can decide this."))
    number = record.row.number
    urls = {"action": url_for("sync.resolve", number=number)}
    urls["leave"] = url_for("sync.envelope", number=number)
    status = 422 if errors else 200
    return render_page(template_context.TEMPLATE, status, quarantine_urls=urls, **context)


@blueprint.post(f"/quarantine/{NUMBER}/mend")  # the former address
@blueprint.post(f"/quarantine/{NUMBER}/resolve")
@allow("resolve_envelopes")
@describe(answers={200: NothingAnswer, 409: ErrorAnswer}, body=RecordingBody)
def resolve(number: int) -> AnyResponse:
    """Record the corrected consultation in its author's name, or void the record that a late voiding names."""
    record = lock_record(number)
    refusal = refusal_of(record) or _refusal_of_kind(record)
    if refusal is not None:
        return refusal
    raw = read_body(from_form)
    if record.is_consultation and raw.keys() & {"switch_locale", "more_groups"}:
        return _redraw_form(record, raw)
    if record.is_void:
        reason, message = raw.get("reason"), gettext("Voided.")
        outcome = actions.apply_void(db.session(), principal(), record.row, reason)
    else:
        id_ = str(uuid4() if record.row.reason == "different" else record.row.id)
        parsed, message = parse_consultation({**raw, "id": id_}), gettext("Resolved and recorded.")
        outcome = actions.resolve(db.session(), principal(), record.row, parsed)
    return respond(
        outcome,
        as_json=Renderers(_json_done),
        as_page=Renderers(
            partial(_back_to_list, message), invalid=partial(_errors_page, record, raw)
        ),
    )


def _refusal_of_kind(record: QuarantinedRecord) -> Response | None:
    if record.is_consultation or record.is_void:
        return None
    return error_response(409, gettext("This cannot be resolved here; it can only be voided."))


def _redraw_form(record: QuarantinedRecord, raw: JsonObject) -> Response:
    locale = raw.get("switch_locale")
    if locale in language.LOCALES:
        language.switch_locale(str(locale))
    return _form_page(record, raw, [])


def _json_done(_: None) -> Response:
    return json_response({})


def _back_to_list(message: str, _: None) -> AnyResponse:
    flash_message(message)
    return redirect(url_for("sync.quarantine"))


def _errors_page(record: QuarantinedRecord, raw: JsonObject, errors: list[FieldError]) -> Response:
    has_form = record.is_consultation and not record.is_tally
    return _form_page(record, raw, errors) if has_form else record_page(record, errors)
