"""Whether the app is alive and ready."""

from flask import Blueprint, Response, current_app, jsonify

from app.base.access import allow
from app.base.database import db
from app.upkeep.actions import starting

blueprint = Blueprint("upkeep", __name__)


@blueprint.get("/healthz")
@allow("public")
def healthz() -> Response:
    """The process is alive."""
    return jsonify({"status": "alive"})


@blueprint.get("/readyz")
@allow("public")
def readyz() -> Response:
    """200 where the app can do its work, 503 and the problems by name where it cannot."""
    state = starting.state_of(db.session(), current_app.instance_path)
    answer = jsonify(state)
    answer.status_code = 503 if state["problems"] else 200
    return answer
