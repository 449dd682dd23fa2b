"""The blueprint that the pages of staff share."""

from collections.abc import Sequence

from flask import Blueprint

from app.field_errors import FieldError

blueprint = Blueprint("staff", __name__)


def errors_by_field(errors: Sequence[FieldError]) -> dict[str, str]:
    """Return the first message of each field that has errors."""
    return {error.field: error.message for error in reversed(errors)}
