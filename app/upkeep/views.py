"""Whether the app is alive and ready."""

from flask import Blueprint, Response, jsonify

from app.base.access import allow

blueprint = Blueprint("upkeep", __name__)


@blueprint.get("/healthz")
@allow("public")
def healthz() -> Response:
    """The process is alive."""
    return jsonify({"status": "alive"})
