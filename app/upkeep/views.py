"""Whether the app is alive and ready, and its metrics."""

from flask import Blueprint, Response, abort, current_app, jsonify
from prometheus_client import CONTENT_TYPE_LATEST

from app.base.access import allow
from app.base.database import db
from app.base.metrics import requests_text
from app.base.proxy import PROBE
from app.upkeep.actions import measuring, setup_probe, starting

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


@blueprint.get(PROBE)
@allow("public")
def probe() -> Response:
    """What the app sees of this request, for `setup check` of the same installation; nobody else finds it."""
    if not setup_probe.is_asked():
        abort(404)
    return jsonify(setup_probe.answer())


@blueprint.get("/metrics")
@allow("scrape_metrics")
def metrics() -> Response:
    """Requests, what waits and the state of the database, for Prometheus; 404 for whoever may not read them."""
    gauges = measuring.gauges_text(db.session(), current_app.instance_path)
    return Response(requests_text() + gauges, content_type=CONTENT_TYPE_LATEST)
