"""The API of tablets: enrolment, sending envelopes, and the regular contact in which a tablet reports its state."""

from flask import Response, abort
from flask_babel import gettext
from werkzeug.exceptions import RequestEntityTooLarge

from app import clock
from app.db.session import db
from app.staff.queries import list_pins
from app.sync.actions import devices, intake
from app.sync.actions.daily_limits import RETRY_AFTER, DailyLimitExceeded
from app.sync.forms import tablet_config
from app.sync.queries.envelopes import count_unresolved_of_device
from app.sync.rules.envelope import exceeds_batch_limits
from app.sync.schemas.answers import ContactAnswer, EnrolmentAnswer, EnvelopesAnswer
from app.sync.schemas.bodies import (
    EnrolBody,
    EnvelopesBody,
    HeartbeatBody,
    parse_envelopes,
    parse_heartbeat,
)
from app.sync.views.blueprint import blueprint
from app.sync.vocabulary import MAX_BATCH_BYTES, MAX_BATCH_ENVELOPES, MAX_ENVELOPE_BYTES
from app.web.access import allow, limiter
from app.web.device_auth import current_device
from app.web.openapi.answers import ErrorAnswer
from app.web.openapi.describe import describe
from app.web.requests import read_json
from app.web.responses import error_response, json_response
from app.web.schemas.body import parse
from app.web.security_events import report_event

MAX_REQUEST_BYTES = MAX_ENVELOPE_BYTES * 2
PER_MINUTE = "20 per minute"


@blueprint.post("/sync/enrol")
@limiter.limit(PER_MINUTE)
@allow("enrolling")
@describe(answers={200: EnrolmentAnswer, 401: ErrorAnswer}, body=EnrolBody, is_lenient=True)
def enrol() -> Response:
    """Enrol the tablet that sends the one-time code; its credential is returned only here."""
    code = parse(EnrolBody, read_json()).body.code
    enrolment = devices.enrol(db.session(), code) if code else None
    if enrolment is None:
        report_event("code_refused")
        return error_response(401, gettext("This code is wrong, was used or has expired."))
    device, credential = enrolment
    config = tablet_config.get_tablet_config(db.session(), device.desk_id)
    identity = {"device": str(device.id), "credential": credential, "desk": device.desk}
    return json_response({**identity, "keys": tablet_config.public_keys(), "lists": config.lists})


@blueprint.post("/sync/envelopes")
@allow("enrolled_device", max_bytes=MAX_REQUEST_BYTES)
@describe(answers={200: EnvelopesAnswer}, body=EnvelopesBody, is_lenient=True)
def envelopes() -> Response:
    """Receive a batch: 200 with each envelope's result and receipt, 413 if the batch is too large."""
    batch = parse_envelopes(read_json())
    if batch is None:
        abort(400)
    sizes = [len(envelope.sealed) for envelope in batch]
    if exceeds_batch_limits(sizes, MAX_BATCH_ENVELOPES, MAX_BATCH_BYTES):
        raise RequestEntityTooLarge
    sender = intake.lock_sender(db.session(), current_device().id)
    try:
        results = intake.receive_envelopes(db.session(), sender, batch)
    except DailyLimitExceeded:
        return _limit_exceeded()
    return json_response({"results": [vars(result) for result in results]})


def _limit_exceeded() -> Response:
    message = gettext("This tablet sent too much in one day. It keeps its records and tries again.")
    response = error_response(429, message)
    response.headers["Retry-After"] = str(int(RETRY_AFTER.total_seconds()))
    return response


@blueprint.post("/sync/contact")
@allow("enrolled_device")
@describe(answers={200: ContactAnswer}, body=HeartbeatBody, is_lenient=True)
def contact() -> Response:
    """Store the state that the tablet reports; return what it must know: desk, keys, lists, colleagues, the time."""
    heartbeat = parse_heartbeat(read_json())
    device = devices.record_heartbeat(db.session(), current_device().id, heartbeat)
    config = tablet_config.get_tablet_config(db.session(), device.desk_id)
    answer = {
        "desk": config.desk.code,
        "keys": tablet_config.public_keys(),
        "lists": config.lists,
        "now": clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "people": [vars(pin) for pin in list_pins(db.session(), device.desk_id)],
        "to_mend": count_unresolved_of_device(db.session(), device.id),
    }
    return json_response(answer)
