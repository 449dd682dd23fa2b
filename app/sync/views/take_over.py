"""Taking over a shared tablet: one person's session ends, the next one's begins with a PIN."""

from flask import Response, abort, session, url_for
from flask_babel import gettext
from flask_login import current_user, login_user, logout_user

from app.db.session import db
from app.staff.actions import pins, sessions
from app.staff.actions.pins import PinCheck
from app.staff.rules import ATTEMPT_WINDOW
from app.staff.schemas.answers import SignedInAnswer
from app.sync.schemas.answers import TakeOverRefusedAnswer
from app.sync.schemas.bodies import TakeOverBody
from app.sync.views.blueprint import blueprint
from app.web import device_auth
from app.web.access import allow, limiter, principal
from app.web.openapi.answers import NothingAnswer
from app.web.openapi.describe import describe
from app.web.pages import render_page
from app.web.requests import read_json
from app.web.responses import error_response, json_response
from app.web.schemas.body import parse


@blueprint.post("/sync/switch")
@limiter.limit("60 per minute")
@allow("enrolled_device")
@describe(
    answers={200: SignedInAnswer, 401: TakeOverRefusedAnswer}, body=TakeOverBody, is_lenient=True
)
def take_over() -> Response:
    """Start the session of a colleague of the tablet's desk: `{"account","role"}`, else 401 with `left`, or 429."""
    parsed = parse(TakeOverBody, read_json())
    if parsed.errors:
        abort(400)
    desk_id = device_auth.current_device().desk_id
    check = pins.check_pin(parsed.body.account, parsed.body.pin, desk_id)
    if check.account is None:
        return _refused(check)
    _end_session()
    signed_in = sessions.start_session(db.session(), check.account)
    login_user(signed_in)
    return json_response({"account": signed_in.username, "role": signed_in.role})


def _refused(check: PinCheck) -> Response:
    if check.must_wait:
        response = error_response(429)
        response.headers["Retry-After"] = str(int(ATTEMPT_WINDOW.total_seconds()))
        return response
    return json_response({"problem": gettext("The PIN is wrong."), "left": check.left}, 401)


@blueprint.post("/sync/lock")
@allow("enrolled_device")
@describe(answers={200: NothingAnswer})
def lock() -> Response:
    """End the session of the tablet's cookie, if there is one."""
    _end_session()
    return json_response({})


def _end_session() -> None:
    if current_user.is_authenticated:
        sessions.end_session(db.session(), principal())
        logout_user()
    session.clear()


@blueprint.get("/lock")
@allow("public")
def lock_page() -> Response:
    """Show the sign-in page if no service worker answers: an enrolled tablet shows its own lock screen here."""
    return render_page(
        "staff/sign_in.html", next=url_for("staff.home"), preserved=[], error_status=""
    )
