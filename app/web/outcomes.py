"""Outcomes of actions: accepted, invalid or in conflict; a view hands one over to be answered as JSON or as a page.

What does not exist, or not within the account's scope, is `field_errors.NotFound` or a 404.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from werkzeug import Response

from app.field_errors import FieldError, errors_response
from app.web.requests import wants_json
from app.web.responses import error_response

Value = TypeVar("Value")
Detail = TypeVar("Detail")


def _bare_conflict(_: object) -> Response:
    return error_response(409)


@dataclass(frozen=True)
class Renderers(Generic[Value, Detail]):
    """The functions that answer an outcome; without others, a conflict is a bare 409 and errors are a 422 with all."""

    accepted: Callable[[Value], Response]
    conflict: Callable[[Detail], Response] = _bare_conflict
    invalid: Callable[[list[FieldError]], Response] = errors_response


@dataclass(frozen=True)
class Accepted(Generic[Value]):
    """The change was made, or had been made before."""

    value: Value

    def render(self, renderers: Renderers[Value, Any]) -> Response:
        return renderers.accepted(self.value)


@dataclass(frozen=True)
class Invalid:
    """Nothing was changed: fields have errors."""

    errors: list[FieldError]

    def render(self, renderers: Renderers[Any, Any]) -> Response:
        return renderers.invalid(self.errors)


@dataclass(frozen=True)
class Conflict(Generic[Detail]):
    """Nothing was changed: the state of things does not allow it now."""

    detail: Detail

    def render(self, renderers: Renderers[Any, Detail]) -> Response:
        return renderers.conflict(self.detail)


Outcome: TypeAlias = Accepted[Value] | Invalid | Conflict[Detail]


def respond(
    outcome: Outcome[Value, Detail],
    *,
    as_json: Renderers[Value, Detail],
    as_page: Renderers[Value, Detail],
) -> Response:
    """Return the response to an outcome, as JSON or as a page, whichever the request wants."""
    return outcome.render(as_json if wants_json() else as_page)
