"""Pages of the quarantine, where authors and supervisors resolve or void records."""

from uuid import UUID

from flask import Response, abort, url_for
from flask_babel import gettext

from app import clock
from app.audit.actions import record_audit
from app.consultations.vocabulary import CHANGE_REASONS
from app.db.session import db
from app.field_errors import FieldError, NotFound
from app.sync.actions import quarantine as actions
from app.sync.forms import quarantine as forms
from app.sync.forms.quarantine import QuarantinedRecord
from app.sync.queries import envelopes
from app.sync.queries import quarantine as queries
from app.sync.schemas.bodies import VoidAllBody
from app.sync.views.blueprint import blueprint
from app.sync.vocabulary import KINDS, REASONS, STATES
from app.web.access import allow, principal
from app.web.openapi.answers import ErrorAnswer, NothingAnswer
from app.web.openapi.describe import describe
from app.web.pages import flash_message, redirect_or_json, render_page
from app.web.requests import plain_fields, read_body
from app.web.responses import error_response
from app.web.schemas.body import parse

NUMBER = "<int(max=2000000000):number>"
CODELISTS: dict[str, object] = {"KINDS": KINDS, "REASONS": REASONS, "STATES": STATES}


@blueprint.get("/quarantine")
@allow("resolve_envelopes", audited=True)
def quarantine() -> Response:
    """List the quarantined records that wait for the account, the oldest first."""
    rows = envelopes.list_unresolved(db.session(), principal(), clock.now())
    for country in sorted({row.country for row in rows}):
        record_audit(principal().account_id, "envelopes_read", f"country:{country}", country)
    can_void = principal().may("void_envelopes")
    tablets = queries.list_quarantine_by_device(db.session(), principal().scope) if can_void else []
    return render_page(
        "sync/quarantine.html",
        200,
        rows=rows,
        resolvable={row.number for row in rows if actions.may_resolve(principal(), row)},
        tablets=tablets,
        **CODELISTS,
    )


@blueprint.get(f"/quarantine/{NUMBER}")
@allow("resolve_envelopes", audited=True)
def envelope(number: int) -> Response:
    """Show the content of a record, decrypted for this reader, and the actions on it."""
    return record_page(get_record(number), [])


def get_record(number: int) -> QuarantinedRecord:
    """Return a record that the account may see, decrypted; the reading is audited. Raises NotFound."""
    row = envelopes.find_envelope(db.session(), principal(), number)
    if row is None:
        raise NotFound("no_envelope")
    record_audit(principal().account_id, "envelope_read", f"envelope:{row.id}", row.country)
    return forms.open_record(db.session(), principal(), row)


def record_page(record: QuarantinedRecord, errors: list[FieldError]) -> Response:
    """Return the page of a record with these errors; comparing it with the stored one is audited."""
    differences = forms.compare(db.session(), principal(), record)
    if differences is not None:
        subject = f"consultation:{record.row.id}"
        record_audit(principal().account_id, "record_read", subject, record.row.country)
    return render_page(
        "sync/envelope.html",
        422 if errors else 200,
        record=record,
        answers=forms.describe_record(record),
        differences=differences,
        errors=errors,
        record_errors=forms.list_errors(db.session(), principal(), record),
        reasons=[(reason.code, gettext(reason.label)) for reason in CHANGE_REASONS],
        **CODELISTS,
    )


def lock_record(number: int) -> QuarantinedRecord:
    """Return the same record as `get_record`, locked until the transaction ends. Raises NotFound."""
    row = envelopes.lock_envelope(db.session(), principal(), number)
    if row is None:
        raise NotFound("no_envelope")
    return forms.open_record(db.session(), principal(), row)


def refusal_of(record: QuarantinedRecord) -> Response | None:
    """Return the response to an account that may not resolve this record now; None if it may."""
    if not record.is_open:
        return error_response(409, gettext("This is resolved already."))
    if not record.may_resolve:
        return error_response(403, gettext("Only the supervisor can decide this."))
    return None


@blueprint.post(f"/quarantine/{NUMBER}/void")
@allow("resolve_envelopes")
@describe(answers={200: NothingAnswer, 409: ErrorAnswer})
def void(number: int) -> Response:
    """Take a record out of the quarantine for good without recording it; a late voiding is then not applied."""
    record = lock_record(number)
    refusal = refusal_of(record)
    if refusal is not None:
        return refusal
    actions.discard(db.session(), principal(), record.row)
    flash_message(gettext("Removed from the list."))
    return redirect_or_json(url_for("sync.quarantine"))


@blueprint.post("/quarantine/tablets/<uuid:device_id>/void")
@allow("void_envelopes")
@describe(answers={200: NothingAnswer}, body=VoidAllBody, is_lenient=True)
def void_all(device_id: UUID) -> Response:
    """Take all records of a tablet out of the quarantine for good, up to the row number `last` that the page showed."""
    parsed = parse(VoidAllBody, read_body(plain_fields))
    if parsed.errors:
        abort(400)
    n = actions.discard_all(db.session(), principal(), device_id, parsed.body.last)
    if not n:
        raise NotFound("no_envelope")
    flash_message(gettext("Removed from the list: {n}.").replace("{n}", str(n)))
    return redirect_or_json(url_for("sync.quarantine"))
