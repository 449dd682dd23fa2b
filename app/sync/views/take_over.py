"""A shared tablet changes hands: one person's session ends, the next one's begins with a PIN."""

from flask import Response, abort, jsonify, session, url_for
from flask_babel import gettext
from flask_login import current_user, login_user, logout_user

from app.db.session import db
from app.staff.actions import pins, sessions
from app.staff.actions.pins import Verdict
from app.staff.rules import ATTEMPT_WINDOW
from app.sync.views.blueprint import blueprint
from app.web import device_auth
from app.web.access import allow, limiter, principal
from app.web.pages import page
from app.web.requests import read_json
from app.web.responses import error_response


@blueprint.post("/sync/switch")
@limiter.limit("60 per minute")
@allow("enrolled_device")
def switch() -> Response:
    """Begins the session of a colleague of the tablet's desk: `{"account","role"}`, else 401 with `left`, or 429."""
    sent = read_json()
    name, pin = sent.get("account"), sent.get("pin")
    if not isinstance(name, str) or not isinstance(pin, str):
        abort(400)
    verdict = pins.verify(name, pin, device_auth.device().desk_id)
    if verdict.account is None:
        return _refused(verdict)
    _end_session()
    entered = sessions.start_session(db.session(), verdict.account)
    login_user(entered)
    return jsonify({"account": entered.username, "role": entered.role})


def _refused(verdict: Verdict) -> Response:
    if verdict.must_wait:
        answer = error_response(429)
        answer.headers["Retry-After"] = str(int(ATTEMPT_WINDOW.total_seconds()))
        return answer
    answer = jsonify({"problem": gettext("The PIN is not right."), "left": verdict.left})
    answer.status_code = 401
    return answer


@blueprint.post("/sync/lock")
@allow("enrolled_device")
def lock() -> Response:
    """Ends the session that the tablet's cookie names, if there is one."""
    _end_session()
    return jsonify({})


def _end_session() -> None:
    if current_user.is_authenticated:
        sessions.end_session(db.session(), principal())
        logout_user()
    session.clear()


@blueprint.get("/lock")
@allow("public")
def locked() -> Response:
    """The sign-in page, where no worker stands before it: a tablet draws its own page here."""
    return page("staff/sign_in.html", next=url_for("staff.home"), kept=[], problem="")
