"""Resolving a quarantined record: the consultation form with its answers, and the change itself."""

from typing import Any
from uuid import uuid4

from flask import Response, redirect, url_for
from flask_babel import gettext

from app.consultations.forms import template_context
from app.consultations.forms.form_fields import from_form
from app.consultations.forms.form_state import FormGroup, form_state_from_raw
from app.consultations.schemas.bodies import parse_consultation
from app.db.session import db
from app.field_errors import FieldError, errors_response
from app.i18n import language
from app.sync.actions import quarantine as actions
from app.sync.forms import payload_summary
from app.sync.forms import quarantine as forms
from app.sync.forms.quarantine import QuarantinedRecord
from app.sync.views.blueprint import blueprint
from app.sync.views.quarantine import NUMBER, get_record, lock_record, record_page, refusal_of
from app.web.access import allow, principal
from app.web.pages import flash_message, redirect_or_json, render_page
from app.web.requests import read_body, wants_json
from app.web.responses import error_response


@blueprint.get(f"/quarantine/{NUMBER}/resolve")
@allow("resolve_envelopes", audited=True)
def resolve_page(number: int) -> Response:
    """Show the consultation form with the answers as they arrived, and their errors at their fields."""
    record = get_record(number)
    refusal = refusal_of(record)
    if refusal is not None:
        return refusal
    if not record.is_consultation or record.is_tally:
        return redirect(url_for("sync.envelope", number=number))  # type: ignore[return-value]
    return _form_page(record, record.data, None)


@blueprint.get(f"/quarantine/{NUMBER}/mend")
@allow("resolve_envelopes")
def moved_resolve_page(number: int) -> Response:
    """Redirect from the former address of the page that resolves a record."""
    return redirect_or_json(url_for("sync.resolve_page", number=number))


def _form_page(
    record: QuarantinedRecord, raw: dict[str, Any], errors: list[FieldError] | None
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
def resolve(number: int) -> Response:
    """Record the corrected consultation in its author's name, or void the record that a late voiding names."""
    record = lock_record(number)
    refusal = refusal_of(record) or _refusal_of_kind(record)
    if refusal is not None:
        return refusal
    raw = read_body(from_form)
    if record.is_consultation and raw.keys() & {"switch_locale", "more_groups"}:
        return _redraw_form(record, raw)
    if record.is_void:
        errors = actions.apply_void(db.session(), principal(), record.row, raw.get("reason"))
        return _result(record, raw, errors, gettext("Voided."))
    id_ = str(uuid4() if record.row.reason == "different" else record.row.id)
    parsed = parse_consultation({**raw, "id": id_})
    errors = actions.resolve(db.session(), principal(), record.row, parsed)
    return _result(record, raw, errors, gettext("Resolved and recorded."))


def _refusal_of_kind(record: QuarantinedRecord) -> Response | None:
    if record.is_consultation or record.is_void:
        return None
    return error_response(409, gettext("This cannot be resolved here; it can only be voided."))


def _redraw_form(record: QuarantinedRecord, raw: dict[str, Any]) -> Response:
    locale = raw.get("switch_locale")
    if locale in language.LOCALES:
        language.switch_locale(str(locale))
    return _form_page(record, raw, [])


def _result(
    record: QuarantinedRecord, raw: dict[str, Any], errors: list[FieldError], message: str
) -> Response:
    if errors and wants_json():
        return errors_response(errors)
    if errors:
        has_form = record.is_consultation and not record.is_tally
        return _form_page(record, raw, errors) if has_form else record_page(record, errors)
    flash_message(message)
    return redirect_or_json(url_for("sync.quarantine"))
