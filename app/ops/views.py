"""Whether the app is alive and ready, and its metrics."""

from flask import Blueprint, Response, abort, current_app, jsonify
from prometheus_client import CONTENT_TYPE_LATEST

from app.db.session import db
from app.ops.actions import database_metrics, readiness, setup_probe
from app.web.access import allow
from app.web.metrics import requests_text
from app.web.proxy import PROBE

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
    state = readiness.state_of(db.session(), current_app.instance_path)
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
    gauges = database_metrics.gauges_text(db.session(), current_app.instance_path)
    return Response(requests_text() + gauges, content_type=CONTENT_TYPE_LATEST)
