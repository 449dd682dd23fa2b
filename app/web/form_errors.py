"""Answers to the forms of pages: done, or the page again with the errors, or these as JSON."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias, TypeVar

from flask import make_response
from werkzeug import Response

from app.field_errors import FieldError, errors_response
from app.web.forms import PageForm
from app.web.outcomes import Conflict, Invalid, Outcome, Renderers, respond
from app.web.responses import error_response

Value = TypeVar("Value")
FormOutcome: TypeAlias = Outcome[Value, list[FieldError]]
"""The outcome of a form; in conflict if what it changes has a newer version than the page."""


def stale_version() -> Conflict[list[FieldError]]:
    """Return that something was changed since the page was opened."""
    return Conflict([FieldError("version", "stale")])


def respond_to_form(
    form: PageForm,
    act: Callable[[], FormOutcome[Value]],
    *,
    done: Callable[[Value], Response],
    page: Callable[[list[FieldError]], Response],
) -> Response:
    """Act if the form has no errors, and return the response.

    `page` draws the form again with its errors, and with the status `error_status`.
    """
    errors = form.field_errors()
    return respond(
        Invalid(errors) if errors else act(),
        as_json=Renderers(done, _json_conflict),
        as_page=Renderers(done, page, page),
    )


def _json_conflict(errors: list[FieldError]) -> Response:
    return make_response(errors_response(errors), 409)


def error_status(errors: Iterable[FieldError]) -> int:
    """Return the status of a page with these errors: 200, 409 for a stale version, else 422."""
    codes = {error.code for error in errors}
    if "stale" in codes:
        return 409
    return 422 if codes else 200


def messages_by_field(errors: Iterable[FieldError]) -> dict[str, str]:
    """Return the first message of each field."""
    messages: dict[str, str] = {}
    for error in errors:
        messages.setdefault(error.field, error.message)
    return messages


def first_error_response(errors: Sequence[FieldError]) -> Response:
    """Return 422 with the message of the first error."""
    return error_response(422, errors[0].message)
