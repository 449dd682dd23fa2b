"""Pages of figures."""

from flask import Blueprint, Response

from app.base.access import allow
from app.base.pages import page

blueprint = Blueprint("counts", __name__)


@blueprint.get("/counts")
@allow("see_counts", audited=True)
def figures() -> Response:
    """The figures of a month."""
    return page("error.html", sentence="", status=200)
