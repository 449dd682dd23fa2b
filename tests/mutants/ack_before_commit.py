"""The app with a fault in it: a tablet's envelopes are acknowledged before they are committed. Tests must catch it."""

import time
from threading import Thread
from typing import Any

from flask import Response, jsonify

from app.db.session import db, unit_of_work
from app.sync.actions import intake
from app.sync.schemas.bodies import parse_envelopes
from app.web.device_auth import current_device
from app.web.requests import read_json
from wsgi import application


def _acknowledge_first() -> Response:
    envelopes, device_id = parse_envelopes(read_json()) or [], current_device().id

    def receive() -> None:
        time.sleep(0.05)
        with application.test_request_context(), unit_of_work():
            intake.receive_envelopes(
                db.session(), intake.lock_sender(db.session(), device_id), envelopes
            )

    Thread(target=receive, daemon=True).start()
    results: list[dict[str, Any]] = [
        {"id": envelope.raw_id, "result": "created", "receipt": envelope.receipt}
        for envelope in envelopes
    ]
    return jsonify({"results": results})


application.view_functions["sync.envelopes"] = _acknowledge_first

__all__ = ["application"]
