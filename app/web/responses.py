"""Error responses: one message per status, as JSON or as a page."""

from flask import Response, jsonify, make_response
from flask_babel import gettext

from app.codelists.codelist import N_
from app.web.pages import render_page
from app.web.requests import wants_json

ERROR_MESSAGES = {
    400: N_("This could not be read. Nothing was stored."),
    401: N_("Please sign in."),
    403: N_("Your account may not do this."),
    404: N_("There is nothing here."),
    405: N_("This cannot be done here."),
    409: N_("This was changed meanwhile."),
    413: N_("This is too much at once. Nothing was stored."),
    415: N_("Send this as a form or as JSON. Nothing was stored."),
    429: N_("Too many attempts. Please wait a little."),
    500: N_("Something went wrong on our side. Nothing was stored; please try again."),
    503: N_("The server is busy. Nothing was stored; please try again in a moment."),
    504: N_("It is not known whether this was stored. Please check before you send it again."),
}


def json_response(payload: object, status: int = 200) -> Response:
    """Return a payload as JSON with a status."""
    return make_response(jsonify(payload), status)


def error_response(status: int, message: str | None = None) -> Response:
    """Return the response to an error: JSON `{"problem"}` or a page, with one message."""
    text = message or gettext(ERROR_MESSAGES.get(status, ERROR_MESSAGES[400]))
    if wants_json():
        response = json_response({"problem": text}, status)
    else:
        response = render_page("error.html", status, message=text)
    if status in (429, 503):
        response.headers.setdefault("Retry-After", "5")
    return response
