"""The blueprint that the pages of staff share."""

from collections.abc import Sequence

from flask import Blueprint

from app.field_errors import FieldError

blueprint = Blueprint("staff", __name__)


def wrong_in(problems: Sequence[FieldError]) -> dict[str, str]:
    """The first sentence of each field that is wrong."""
    return {problem.field: problem.message for problem in reversed(problems)}
