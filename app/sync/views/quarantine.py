"""The pages on which records that were set aside are put right or voided, by their author or the supervisor."""

import re
from typing import Any
from uuid import UUID, uuid4

from flask import Response, abort, redirect, request, url_for
from flask_babel import gettext

from app import clock
from app.audit.actions import record_audit
from app.consultations.forms import template_context
from app.consultations.forms.form_fields import from_form
from app.consultations.forms.form_state import FormGroup, form_state_from_raw
from app.consultations.forms.parsing import parse_consultation
from app.consultations.vocabulary import CHANGE_REASONS
from app.db.session import db
from app.field_errors import NotFound, FieldError, errors_response
from app.i18n import language
from app.sync.actions import quarantine as actions
from app.sync.forms import payload_summary
from app.sync.forms import quarantine as forms
from app.sync.forms.quarantine import QuarantinedRecord
from app.sync.queries import envelopes
from app.sync.queries import quarantine as queries
from app.sync.views.blueprint import blueprint
from app.sync.vocabulary import KINDS, REASONS, STATES
from app.web.access import allow, principal
from app.web.pages import redirect_or_json, page, flash_message
from app.web.requests import is_form, read_json, wants_json
from app.web.responses import error_response

NUMBER = "<int(max=2000000000):number>"
NUMBER_SAID = re.compile(r"[0-9]{1,10}", re.ASCII)
WORDS: dict[str, Any] = {"KINDS": KINDS, "REASONS": REASONS, "STATES": STATES}


@blueprint.get("/quarantine")
@allow("mend_envelopes", audited=True)
def quarantine() -> Response:
    """What was set aside and waits for the account, the oldest first."""
    rows = envelopes.list_unresolved(db.session(), principal(), clock.now())
    for country in sorted({row.country for row in rows}):
        record_audit(principal().account_id, "envelopes_read", f"country:{country}", country)
    may = {row.number for row in rows if actions.may_resolve(principal(), row)}
    can_void = principal().may("void_envelopes")
    many = queries.list_quarantine_by_device(db.session(), principal().scope) if can_void else []
    return page("sync/quarantine.html", rows=rows, may=may, many=many, **WORDS)


@blueprint.get(f"/quarantine/{NUMBER}")
@allow("mend_envelopes", audited=True)
def envelope(number: int) -> Response:
    """What was inside, opened for this reader, and what can be done about it."""
    return _shown(_read(number), [])


def _read(number: int) -> QuarantinedRecord:
    row = envelopes.find_envelope(db.session(), principal(), number)
    if row is None:
        raise NotFound("no_envelope")
    record_audit(principal().account_id, "envelope_read", f"envelope:{row.id}", row.country)
    return forms.aside(db.session(), principal(), row)


def _shown(one: QuarantinedRecord, errors: list[FieldError]) -> Response:
    asking = principal(), one
    other = forms.compare(db.session(), *asking)
    if other is not None:
        about = f"consultation:{one.row.id}"
        record_audit(principal().account_id, "record_read", about, one.row.country)
    facts = {"one": one, "lines": forms.lines(one), "differences": other, "problems": errors}
    wrong = forms.what_is_wrong(db.session(), *asking)
    status = 422 if errors else 200
    reasons = [(why.code, gettext(why.label)) for why in CHANGE_REASONS]
    return page("sync/envelope.html", status, wrong=wrong, reasons=reasons, **facts, **WORDS)


@blueprint.get(f"/quarantine/{NUMBER}/mend")
@allow("mend_envelopes", audited=True)
def mending_page(number: int) -> Response:
    """The page of the consultation with the answers as they came, their problems at their fields."""
    one = _read(number)
    refused = _refused(one)
    if refused is not None:
        return refused
    if not one.is_consultation or one.is_tally:
        return redirect(url_for("sync.envelope", number=number))  # type: ignore[return-value]
    return _form(one, one.data, None)


def _refused(one: QuarantinedRecord) -> Response | None:
    if not one.is_open:
        return error_response(409, gettext("This was settled already."))
    if not one.may_resolve:
        return error_response(403, gettext("Only the supervisor can decide this."))
    return None


def _form(one: QuarantinedRecord, raw: dict[str, Any], errors: list[FieldError] | None) -> Response:
    shown = form_state_from_raw(payload_summary.drawable(raw))
    if raw.get("more_groups") and len(shown.groups) < 8:
        shown.groups.append(FormGroup())
    drawn = forms.form_facts(db.session(), principal(), one, shown, errors)
    if drawn is None:
        return error_response(403, gettext("Only the supervisor can decide this."))
    number = one.row.number
    ways = {"action": url_for("sync.mend", number=number)}
    ways["leave"] = url_for("sync.envelope", number=number)
    return page(template_context.TEMPLATE, 422 if errors else 200, mend=ways, **drawn)


@blueprint.post(f"/quarantine/{NUMBER}/mend")
@allow("mend_envelopes")
def mend(number: int) -> Response:
    """Records the consultation as it is put right, in its author's name; or voids what a late voiding names."""
    one = _locked(number)
    refused = _refused(one) or _unopened(one)
    if refused is not None:
        return refused
    raw = from_form(request.form) if is_form() else read_json()
    if one.is_consultation and raw.keys() & {"switch_locale", "more_groups"}:
        return _again(one, raw)
    if one.is_void:
        errors = actions.apply_void(db.session(), principal(), one.row, raw.get("reason"))
        return _done(one, raw, errors, gettext("Voided."))
    id_ = str(uuid4() if one.row.reason == "different" else one.row.id)
    reading = parse_consultation({**raw, "id": id_})
    errors = actions.resolve(db.session(), principal(), one.row, reading)
    return _done(one, raw, errors, gettext("Put right and recorded."))


def _locked(number: int) -> QuarantinedRecord:
    row = envelopes.lock_envelope(db.session(), principal(), number)
    if row is None:
        raise NotFound("no_envelope")
    return forms.aside(db.session(), principal(), row)


def _unopened(one: QuarantinedRecord) -> Response | None:
    if one.is_consultation or one.is_void:
        return None
    return error_response(409, gettext("This cannot be put right here; it can only be voided."))


def _again(one: QuarantinedRecord, raw: dict[str, Any]) -> Response:
    chosen = raw.get("switch_locale")
    if chosen in language.LOCALES:
        language.switch(str(chosen))
    return _form(one, raw, [])


def _done(one: QuarantinedRecord, raw: dict[str, Any], errors: list[FieldError], sentence: str) -> Response:
    if errors and wants_json():
        return errors_response(errors)
    if errors:
        drawn_by_form = one.is_consultation and not one.is_tally
        return _form(one, raw, errors) if drawn_by_form else _shown(one, errors)
    flash_message(sentence)
    return redirect_or_json(url_for("sync.quarantine"))


@blueprint.post(f"/quarantine/{NUMBER}/void")
@allow("mend_envelopes")
def void(number: int) -> Response:
    """Takes the record out of the list for good: nothing of it is counted; or leaves a late voiding undone."""
    one = _locked(number)
    refused = _refused(one)
    if refused is not None:
        return refused
    actions.discard(db.session(), principal(), one.row)
    flash_message(gettext("Taken out of the list."))
    return redirect_or_json(url_for("sync.quarantine"))


@blueprint.post("/quarantine/tablets/<uuid:device_id>/void")
@allow("void_envelopes")
def void_all(device_id: UUID) -> Response:
    """Takes all of one tablet out of the list for good, as many as the page said; what came after them stays."""
    last = str(request.form.get("last") if is_form() else read_json().get("last"))
    if not NUMBER_SAID.fullmatch(last):
        abort(400)
    n = actions.discard_all(db.session(), principal(), device_id, int(last))
    if not n:
        raise NotFound("no_envelope")
    flash_message(gettext("Taken out of the list: {n}.").replace("{n}", str(n)))
    return redirect_or_json(url_for("sync.quarantine"))
