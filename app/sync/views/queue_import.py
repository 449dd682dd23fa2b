"""The page on which a supervisor imports the exported queue of a tablet."""

from contextlib import closing

from flask import Response, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import UnsupportedMediaType

from app.db.session import db
from app.sync.actions import queue_import
from app.sync.forms.queue_export import MAX_EXPORT_BYTES, parse_queue_export
from app.sync.views.blueprint import blueprint
from app.web.access import allow, principal
from app.web.pages import redirect_or_json, render_page
from app.web.requests import is_form, wants_json
from app.web.responses import error_response, json_response

FORM_OVERHEAD_BYTES = 16 * 1024
"""Allowed for the form's other fields and the boundaries around the file."""


@blueprint.get("/quarantine/import")
@allow("import_envelopes")
def queue_import_page() -> Response:
    """Show the page that imports an exported queue."""
    return render_page("sync/queue_import.html")


@blueprint.get("/quarantine/file")
@allow("import_envelopes")
def moved_queue_import_page() -> Response:
    """Redirect from the former address of the import page."""
    return redirect_or_json(url_for("sync.queue_import_page"))


@blueprint.post("/quarantine/file")  # the former address
@blueprint.post("/quarantine/import")
@allow("import_envelopes", max_bytes=MAX_EXPORT_BYTES + FORM_OVERHEAD_BYTES)
def import_queue() -> Response:
    """Import the file; show how many of its records were new, received before, quarantined. Twice changes nothing."""
    if not is_form():
        raise UnsupportedMediaType
    file = request.files.get("file")
    if file is None or not file.filename:
        return _refused(422, gettext("Choose a file."))
    with closing(file):
        export = parse_queue_export(file.stream.read(MAX_EXPORT_BYTES + 1))
    if export is None:
        return _refused(
            422, gettext("This is not the saved queue of a tablet, or it is too large.")
        )
    result = queue_import.import_queue(
        db.session(), principal(), export.device_id, export.envelopes
    )
    if result is None:
        return _refused(404, gettext("The tablet that saved this file is not in your countries."))
    if not wants_json():
        return render_page("sync/queue_import.html", result=result)
    counts = {"new": result.new, "known": result.duplicates, "set_aside": result.quarantined}
    return json_response(counts)


def _refused(status: int, message: str) -> Response:
    if wants_json():
        return error_response(status, message)
    return render_page("sync/queue_import.html", status, message=message)
