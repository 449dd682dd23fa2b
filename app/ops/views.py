"""Health, readiness and metrics of the app."""

from flask import Blueprint, Response, abort, current_app, jsonify
from prometheus_client import CONTENT_TYPE_LATEST

from app.db.session import db
from app.ops.actions import database_metrics, readiness, setup_probe
from app.ops.schemas.answers import HealthAnswer, ReadinessAnswer
from app.web.access import allow
from app.web.metrics import request_metrics
from app.web.openapi.answers import ErrorAnswer
from app.web.openapi.describe import describe
from app.web.openapi.document import openapi_document
from app.web.proxy import PROBE
from app.web.responses import json_response

blueprint = Blueprint("ops", __name__)


@blueprint.get("/healthz")
@allow("public")
@describe(answers={200: HealthAnswer})
def healthz() -> Response:
    """Respond 200: the process is alive."""
    return jsonify({"status": "alive"})


@blueprint.get("/readyz")
@allow("public")
@describe(answers={200: ReadinessAnswer, 503: ReadinessAnswer})
def readyz() -> Response:
    """Respond 200 if the app can work, else 503 and the problems by name."""
    state = readiness.readiness_state(db.session(), current_app.instance_path)
    return json_response(state, 503 if state["problems"] else 200)


@blueprint.get(PROBE)
@allow("public")
def probe() -> Response:
    """Return what the app sees of this request, for `setup check` of the same installation; 404 for everybody else."""
    if not setup_probe.is_signed_request():
        abort(404)
    return jsonify(setup_probe.request_report())


@blueprint.get("/metrics")
@allow("scrape_metrics")
@describe(answers={200: None, 404: ErrorAnswer}, content_type="text/plain")
def metrics() -> Response:
    """Return requests, queues and the state of the database for Prometheus; 404 without permission to scrape."""
    gauges = database_metrics.gauges_text(db.session(), current_app.instance_path)
    return Response(request_metrics() + gauges, content_type=CONTENT_TYPE_LATEST)


@blueprint.get("/openapi.json")
@allow("public")
@describe(answers={200: None})
def openapi() -> Response:
    """Return the description of every address for programs, OpenAPI 3.1."""
    return jsonify(openapi_document(current_app))
