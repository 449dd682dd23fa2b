"""The page on which a supervisor brings the copy of a tablet's queue."""

from contextlib import closing
from typing import Any

from flask import Response, jsonify, request
from flask_babel import gettext
from werkzeug.exceptions import UnsupportedMediaType

from app.db.session import db
from app.sync.actions import queue_import
from app.sync.forms.queue_export import MAX_EXPORT_BYTES, parse_queue_export
from app.sync.views.blueprint import blueprint
from app.web.access import allow, principal
from app.web.pages import page
from app.web.requests import is_form, wants_json
from app.web.responses import error_response

ROOM = 16 * 1024
"""For the fields and the boundaries around the file."""


@blueprint.get("/quarantine/file")
@allow("bring_envelopes")
def bringing_page() -> Response:
    """The page that takes the copy of a queue."""
    return page("sync/bring.html")


@blueprint.post("/quarantine/file")
@allow("bring_envelopes", most_bytes=MAX_EXPORT_BYTES + ROOM)
def bring() -> Response:
    """Takes the copy: how many of its records were new, known, set aside; brought twice, all are known."""
    if not is_form():
        raise UnsupportedMediaType
    file = request.files.get("file")
    if file is None or not file.filename:
        return _refused(422, gettext("Choose a file."))
    with closing(file):
        copy = parse_queue_export(file.stream.read(MAX_EXPORT_BYTES + 1))
    if copy is None:
        return _refused(
            422, gettext("This is not the copy of a tablet's queue, or it is too large.")
        )
    done = queue_import.import_queue(db.session(), principal(), copy.device_id, copy.envelopes)
    if done is None:
        return _refused(404, gettext("The tablet that made this copy is none of your countries'."))
    facts: dict[str, Any] = vars(done)
    return jsonify(facts) if wants_json() else page("sync/bring.html", done=done)


def _refused(status: int, sentence: str) -> Response:
    if wants_json():
        return error_response(status, sentence)
    return page("sync/bring.html", status, sentence=sentence)
