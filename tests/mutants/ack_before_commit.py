"""The app with a fault in it: a tablet is answered first and what it sent is taken afterwards. Tests must catch it."""

import time
from threading import Thread
from typing import Any

from flask import Response, jsonify

from app.db.session import db, unit_of_work
from app.sync.actions import intake
from app.sync.forms import tablet_requests
from app.web.device_auth import current_device
from app.web.requests import read_json
from wsgi import application


def _answer_first() -> Response:
    batch, asking = tablet_requests.parse_envelopes(read_json()) or [], current_device().id

    def take() -> None:
        time.sleep(0.05)
        with application.test_request_context(), unit_of_work():
            intake.receive_envelopes(db.session(), intake.lock_sender(db.session(), asking), batch)

    Thread(target=take, daemon=True).start()
    told: list[dict[str, Any]] = [
        {"id": one.raw_id, "result": "created", "receipt": one.receipt} for one in batch
    ]
    return jsonify({"results": told})


application.view_functions["sync.envelopes"] = _answer_first

__all__ = ["application"]
