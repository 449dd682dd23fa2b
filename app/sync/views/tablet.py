"""What a tablet asks for: to be enrolled, to send, to say how it is."""

from typing import Any

from flask import Response, abort, jsonify
from flask_babel import gettext
from werkzeug.exceptions import RequestEntityTooLarge

from app import clock
from app.db.session import db
from app.staff.queries import list_pins
from app.sync.actions import devices, intake
from app.sync.actions.daily_limits import RETRY_AFTER, DailyLimitExceeded
from app.sync.forms import tablet_config, tablet_requests
from app.sync.queries.envelopes import count_unresolved_of_device
from app.sync.rules.envelope import exceeds_batch_limits
from app.sync.views.blueprint import blueprint
from app.sync.vocabulary import LARGEST, MOST_BYTES, MOST_IN_A_BATCH
from app.web.access import allow, limiter
from app.web.device_auth import device
from app.web.requests import read_json
from app.web.responses import error_response
from app.web.security_events import report_event

MOST_SENT = LARGEST * 2
PER_MINUTE = "20 per minute"


@blueprint.post("/sync/enrol")
@limiter.limit(PER_MINUTE)
@allow("enrolling")
def enrol() -> Response:
    """Enrols the tablet that sends the one-time code; its credential is shown this once."""
    code = read_json().get("code")
    done = devices.enrol(db.session(), code) if isinstance(code, str) else None
    if done is None:
        report_event("code_refused")
        return error_response(401, gettext("This code is wrong, was used or has expired."))
    enrolled, credential = done
    given = tablet_config.get_tablet_config(db.session(), enrolled.desk_id)
    said = {"device": str(enrolled.id), "credential": credential, "desk": enrolled.desk}
    return jsonify({**said, "keys": tablet_config.public_keys(), "lists": given.lists})


@blueprint.post("/sync/envelopes")
@allow("enrolled_device", most_bytes=MOST_SENT)
def envelopes() -> Response:
    """Takes a batch: 200 with each envelope's result and receipt, 413 where there is too much of it."""
    batch = tablet_requests.read_envelopes(read_json())
    if batch is None:
        abort(400)
    if exceeds_batch_limits([len(one.sealed) for one in batch], MOST_IN_A_BATCH, MOST_BYTES):
        raise RequestEntityTooLarge
    sender = intake.lock_sender(db.session(), device().id)
    try:
        told = intake.receive_envelopes(db.session(), sender, batch)
    except DailyLimitExceeded:
        return _too_much()
    return jsonify({"results": [vars(one) for one in told]})


def _too_much() -> Response:
    sentence = gettext(
        "This tablet sent too much in one day. It keeps its records and tries again."
    )
    answer = error_response(429, sentence)
    answer.headers["Retry-After"] = str(int(RETRY_AFTER.total_seconds()))
    return answer


@blueprint.post("/sync/contact")
@allow("enrolled_device")
def contact() -> Response:
    """Keeps what the tablet says of itself; says what it must know: its desk, key, lists, colleagues, the time."""
    said = tablet_requests.read_contact(read_json())
    heard = devices.record_heartbeat(db.session(), device().id, said)
    given = tablet_config.get_tablet_config(db.session(), heard.desk_id)
    answer: dict[str, Any] = {
        "desk": given.desk.code,
        "keys": tablet_config.public_keys(),
        "lists": given.lists,
        "now": clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "people": [vars(one) for one in list_pins(db.session(), heard.desk_id)],
        "to_mend": count_unresolved_of_device(db.session(), heard.id),
    }
    return jsonify(answer)
