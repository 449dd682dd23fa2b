"""Sign-in, sign-out, the session of programs, language and light of this device."""

from typing import Any

from flask import Response, jsonify, redirect, request, session, url_for
from flask_babel import gettext
from flask_login import current_user, login_user, logout_user
from flask_wtf.csrf import generate_csrf

from app.db.session import db
from app.i18n import language
from app.settings import current_settings
from app.staff.actions import accounts, sessions
from app.staff.rules import WINDOW
from app.staff.views.blueprint import blueprint
from app.web.access import Principal, allow, limiter, principal
from app.web.pages import MODES, redirect_or_json, page
from app.web.preserved_forms import safe_redraw_url
from app.web.requests import safe_redirect_target, read_json, wants_json
from app.web.responses import error_response

HOMES = {
    "desk_staff": "consultations.new",
    "shelter_coordinator": "referrals.inbox",
    "supervisor": "counts.figures",
    "regional": "counts.figures",
    "admin": "places.desks",
}
PER_MINUTE = "120 per minute"


@blueprint.get("/")
@allow("public")
def home() -> Any:
    """Goes on to the page where the account's work begins."""
    if not current_user.is_authenticated:
        return redirect_or_json(url_for("staff.sign_in"))
    return redirect_or_json(url_for(HOMES.get(current_user.role, "staff.account")))


@blueprint.get("/sign-in")
@allow("public")
def sign_in() -> Any:
    """The sign-in page."""
    if current_user.is_authenticated:
        return redirect_or_json(safe_redirect_target(request.args.get("next"), url_for("staff.home")))
    return page("staff/sign_in.html", next=request.args.get("next", ""), kept=[], problem="")


@blueprint.post("/sign-in")
@limiter.limit(PER_MINUTE)
@allow("public")
def enter() -> Any:
    """Signs in; by JSON `{"account","role"}`, 401 or 429, by form on to where the person wanted to go."""
    sent = read_json() if request.is_json else request.form
    name, password = sent.get("username"), sent.get("password")
    if not isinstance(name, str) or not isinstance(password, str):
        return _refused(sent, 401)
    checked = sessions.sign_in(db.session(), name, password)
    if checked.account is None:
        return _refused(sent, 429 if checked.must_wait else 401)
    if current_user.is_authenticated:
        sessions.end_session(db.session(), principal())
    entered = sessions.start_session(db.session(), checked.account)
    _renew(entered)
    if wants_json():
        return jsonify({"account": entered.username, "role": entered.role})
    return _go_on(sent)


def _renew(entered: Principal) -> None:
    session.clear()
    login_user(entered)


def _refused(sent: Any, status: int) -> Response:
    if wants_json():
        sentence = None if status == 429 else gettext("The name or the password is not right.")
        answer = error_response(status, sentence)
    else:
        kept = _kept(sent)
        answer = page(
            "staff/sign_in.html", status, next=sent.get("next", ""), kept=kept, problem=str(status)
        )
    if status == 429:
        answer.headers["Retry-After"] = str(int(WINDOW.total_seconds()))
    return answer


def _kept(sent: Any) -> list[tuple[str, str]]:
    return [
        (name.removeprefix("kept."), value)
        for name, value in sent.items(multi=True)
        if name.startswith("kept.")
    ]


def _go_on(sent: Any) -> Any:
    kept = _kept(sent)
    if kept:
        return page("staff/go_on.html", kept=kept, again=safe_redraw_url(sent.get("next")))
    return redirect(safe_redirect_target(sent.get("next"), url_for("staff.home")))


@blueprint.post("/sign-out")
@allow("signed_in")
def sign_out() -> Any:
    """Ends this session."""
    sessions.end_session(db.session(), principal())
    logout_user()
    session.clear()
    answer = redirect_or_json(url_for("staff.sign_in"))
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@blueprint.get("/sync/token")
@allow("public")
def token() -> Response:
    """The token that every change must carry as `X-CSRFToken`."""
    return jsonify({"csrf_token": generate_csrf()})


@blueprint.post("/preferences")
@allow("public")
def preferences() -> Any:
    """Remembers language and light on this device, the language with the account too."""
    answer = redirect_or_json(safe_redirect_target(request.form.get("next"), url_for("staff.home")))
    chosen, light = request.form.get("locale"), request.form.get("mode")
    secure = current_settings().production
    if chosen in language.LOCALES:
        answer.set_cookie(
            language.COOKIE, chosen, max_age=31_536_000, samesite="Lax", secure=secure
        )
        if current_user.is_authenticated:
            accounts.choose_locale(db.session(), current_user.account_id, chosen)
    if light in MODES:
        answer.set_cookie("mode", light, max_age=31_536_000, samesite="Lax", secure=secure)
    return answer
