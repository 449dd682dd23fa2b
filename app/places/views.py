"""Pages on which an admin opens, edits and closes desks."""

from flask import Blueprint, Response

from app.base.access import allow
from app.base.pages import page

blueprint = Blueprint("places", __name__)


@blueprint.get("/desks")
@allow("configure")
def desks() -> Response:
    """Every desk."""
    return page("error.html", sentence="", status=200)
