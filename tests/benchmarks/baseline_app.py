"""The app with three more routes as baselines; only the benchmark starts it."""

from flask import Response, abort, jsonify, request
from flask_login import current_user

from app import clock
from app.db.session import db, write_transaction
from app.web.access import csrf
from tests.benchmarks import queries
from tests.benchmarks.scale import fill as fill_scale
from tests.benchmarks.shelters import fill_shelters
from tests.benchmarks.tablets import add_tablet
from tests.benchmarks.temp_database import fill
from wsgi import application

application.cli.command("fill-database")(fill)
application.cli.add_command(fill_scale)
application.cli.add_command(fill_shelters)
application.cli.add_command(add_tablet)


@application.post("/bench/bare")
def baseline_form() -> Response:
    """Do the least that any form of this app does: session, CSRF, one INSERT, commit."""
    with write_transaction():
        if not current_user.is_authenticated:
            abort(401)
        csrf.protect()
        payload = request.get_json()
        row = {**payload, "account_id": current_user.account_id, "received_at": clock.now()}
        db.session.execute(queries.INSERT, queries.baseline_row(row))
        db.session.commit()
    answer = jsonify({"id": payload["id"]})
    answer.status_code = 201
    return answer


@application.get("/bench/page")
def baseline_page() -> Response:
    """Do the least that any signed-in read of this app does."""
    if not current_user.is_authenticated:
        abort(401)
    return jsonify({})


@application.post("/bench/raw")
def raw_insert() -> Response:
    """Do the least that a server can do: one parameterised INSERT and a commit, for anybody."""
    with write_transaction():
        db.session.execute(queries.RAW, queries.raw_row(request.get_json()))
        db.session.commit()
    return Response(status=201)


__all__ = ["application"]
