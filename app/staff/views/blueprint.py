"""The blueprint that the pages of staff share, and who a session belongs to."""

from collections.abc import Sequence

from flask import Blueprint

from app.field_errors import Problem
from app.staff.actions import signing_in
from app.web.access import login_manager

blueprint = Blueprint("staff", __name__)
login_manager.user_loader(signing_in.load)


def wrong_in(problems: Sequence[Problem]) -> dict[str, str]:
    """The first sentence of each field that is wrong."""
    return {problem.field: problem.sentence for problem in reversed(problems)}
