"""Responses to the errors of a form: their status, as JSON, by field, or as one sentence."""

from collections.abc import Iterable, Sequence

from flask import Response, make_response

from app.field_errors import FieldError, errors_response
from app.web.requests import wants_json
from app.web.responses import error_response


def error_status(errors: Iterable[FieldError]) -> int:
    """Return the status of a page with these errors: 200, 409 for a stale version, else 422."""
    codes = {error.code for error in errors}
    if "stale" in codes:
        return 409
    return 422 if codes else 200


def json_errors(errors: list[FieldError]) -> Response | None:
    """Return the JSON response with these errors, None if the client accepts a page."""
    if not wants_json():
        return None
    return make_response(errors_response(errors), error_status(errors))


def messages_by_field(errors: Iterable[FieldError]) -> dict[str, str]:
    """Return the first message of each field."""
    messages: dict[str, str] = {}
    for error in errors:
        messages.setdefault(error.field, error.message)
    return messages


def first_error_response(errors: Sequence[FieldError]) -> Response:
    """Return 422 with the message of the first error."""
    return error_response(422, errors[0].message)
