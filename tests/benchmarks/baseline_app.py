"""The app with two more routes, for comparison only; nothing but the benchmark starts this."""

from flask import Response, abort, jsonify, request
from flask_login import current_user

from app import clock
from app.db.session import db, write_transaction
from app.web.access import csrf
from tests.benchmarks import queries
from tests.benchmarks.scale import fill as fill_scale
from tests.benchmarks.shelters import fill_housing
from tests.benchmarks.tablets import add_tablet
from tests.benchmarks.temp_database import fill
from wsgi import application

application.cli.command("fill-scratch")(fill)
application.cli.add_command(fill_scale)
application.cli.add_command(fill_housing)
application.cli.add_command(add_tablet)


@application.post("/bench/bare")
def bare() -> Response:
    """What any form of this app costs at least: session, CSRF, one INSERT, commit."""
    with write_transaction():
        if not current_user.is_authenticated:
            abort(401)
        csrf.protect()
        sent = request.get_json()
        row = {**sent, "account_id": current_user.account_id, "received_at": clock.now()}
        db.session.execute(queries.INSERT, queries.flat(row))
        db.session.commit()
    answer = jsonify({"id": sent["id"]})
    answer.status_code = 201
    return answer


@application.get("/bench/page")
def bare_page() -> Response:
    """What any signed-in reading of this app costs at least."""
    if not current_user.is_authenticated:
        abort(401)
    return jsonify({})


@application.post("/bench/raw")
def raw() -> Response:
    """The least a server can do: one parameterised INSERT and a commit, for anybody."""
    with write_transaction():
        db.session.execute(queries.RAW, queries.raw(request.get_json()))
        db.session.commit()
    return Response(status=201)


__all__ = ["application"]
