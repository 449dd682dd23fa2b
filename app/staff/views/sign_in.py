"""Sign-in and sign-out for pages and programs; language and light mode of this device."""

from flask import Response, redirect, request, session, url_for
from flask_babel import gettext
from flask_login import current_user, login_user, logout_user
from flask_wtf.csrf import generate_csrf
from werkzeug import Response as AnyResponse

from app.db.session import db
from app.i18n import language
from app.settings import current_settings
from app.staff.actions import accounts, sessions
from app.staff.rules import ATTEMPT_WINDOW
from app.staff.schemas.answers import SignedInAnswer, TokenAnswer
from app.staff.schemas.bodies import SignInBody
from app.staff.views.blueprint import blueprint
from app.web.access import Principal, allow, limiter, principal
from app.web.openapi.answers import ErrorAnswer, NothingAnswer
from app.web.openapi.describe import describe
from app.web.pages import MODES, redirect_or_json, render_page
from app.web.preserved_forms import safe_redraw_url
from app.web.requests import read_json, safe_redirect_target, wants_json
from app.web.responses import error_response, json_response
from app.web.schemas.body import parse

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
def home() -> AnyResponse:
    """Redirect to the page where the account's work begins."""
    if not current_user.is_authenticated:
        return redirect_or_json(url_for("staff.sign_in"))
    return redirect_or_json(url_for(HOMES.get(current_user.role, "staff.account")))


@blueprint.get("/sign-in")
@allow("public")
def sign_in() -> AnyResponse:
    """Show the sign-in page."""
    if current_user.is_authenticated:
        return redirect_or_json(
            safe_redirect_target(request.args.get("next"), url_for("staff.home"))
        )
    return render_page(
        "staff/sign_in.html", next=request.args.get("next", ""), preserved=[], error_status=""
    )


@blueprint.post("/sign-in")
@limiter.limit(PER_MINUTE)
@allow("public")
@describe(answers={200: SignedInAnswer, 401: ErrorAnswer}, body=SignInBody, is_lenient=True)
def sign_in_post() -> AnyResponse:
    """Sign in: JSON gets `{"account","role"}`, 401 or 429; a form is redirected to the page in `next`."""
    parsed = parse(SignInBody, read_json() if request.is_json else request.form.to_dict())
    if parsed.errors:
        return _refused(401)
    result = sessions.sign_in(db.session(), parsed.body.username, parsed.body.password)
    if result.account is None:
        return _refused(429 if result.must_wait else 401)
    if current_user.is_authenticated:
        sessions.end_session(db.session(), principal())
    signed_in = sessions.start_session(db.session(), result.account)
    _renew_session(signed_in)
    if wants_json():
        return json_response({"account": signed_in.username, "role": signed_in.role})
    return _resume()


def _renew_session(signed_in: Principal) -> None:
    session.clear()
    login_user(signed_in)


def _refused(status: int) -> Response:
    if wants_json():
        sentence = None if status == 429 else gettext("The name or the password is wrong.")
        response = error_response(status, sentence)
    else:
        response = render_page(
            "staff/sign_in.html",
            status,
            next=request.form.get("next", ""),
            preserved=_preserved_fields(),
            error_status=str(status),
        )
    if status == 429:
        response.headers["Retry-After"] = str(int(ATTEMPT_WINDOW.total_seconds()))
    return response


def _preserved_fields() -> list[tuple[str, str]]:
    return [
        (name.removeprefix("kept."), value)
        for name, value in request.form.items(multi=True)
        if name.startswith("kept.")
    ]


def _resume() -> AnyResponse:
    preserved = _preserved_fields()
    if preserved:
        redraw_url = safe_redraw_url(request.form.get("next"))
        return render_page("staff/resume.html", fields=preserved, redraw_url=redraw_url)
    return redirect(safe_redirect_target(request.form.get("next"), url_for("staff.home")))


@blueprint.post("/sign-out")
@allow("signed_in")
@describe(answers={200: NothingAnswer})
def sign_out() -> AnyResponse:
    """End this session."""
    sessions.end_session(db.session(), principal())
    logout_user()
    session.clear()
    response = redirect_or_json(url_for("staff.sign_in"))
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@blueprint.get("/sync/token")
@allow("public")
@describe(answers={200: TokenAnswer})
def token() -> Response:
    """Return the token that every change must carry as `X-CSRFToken`."""
    return json_response({"csrf_token": generate_csrf()})


@blueprint.post("/preferences")
@allow("public")
def preferences() -> AnyResponse:
    """Store language and light mode on this device, the language also with the account."""
    response = redirect_or_json(
        safe_redirect_target(request.form.get("next"), url_for("staff.home"))
    )
    locale, mode = request.form.get("locale"), request.form.get("mode")
    secure = current_settings().production
    if locale in language.LOCALES:
        response.set_cookie(
            language.LOCALE_COOKIE, locale, max_age=31_536_000, samesite="Lax", secure=secure
        )
        if current_user.is_authenticated:
            accounts.set_locale(db.session(), current_user.account_id, locale)
    if mode in MODES:
        response.set_cookie("mode", mode, max_age=31_536_000, samesite="Lax", secure=secure)
    return response
