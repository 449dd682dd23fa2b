"""The own account: its scope, its password, signing out everywhere; and accepting an invitation."""

from flask import Response, session, url_for
from flask_babel import gettext
from flask_login import logout_user

from app import clock
from app.db.session import db
from app.field_errors import FieldError, errors_response
from app.places.queries import list_desks
from app.staff import forms, queries, rules
from app.staff.actions import accounts, sessions
from app.staff.views.blueprint import blueprint, errors_by_field
from app.staff.vocabulary import ROLES
from app.web.access import allow, limiter, principal
from app.web.pages import flash_message, redirect_or_json, render_page
from app.web.requests import wants_json
from app.web.responses import error_response
from app.web.security_events import report_event

PER_MINUTE = "20 per minute"


@blueprint.get("/account")
@allow("signed_in")
def account() -> Response:
    """Show the own account."""
    return account_page([])


def account_page(errors: list[FieldError], status: int = 200) -> Response:
    """Return the page of the own account with these errors at its fields."""
    current = principal()
    desks = [] if current.scope.programme else list_desks(db.session(), current.scope)
    may_use_pin = rules.may_use_pin(current.role)
    return render_page(
        "staff/account.html",
        status,
        desks=desks if rules.scope_kind(current.role) == "desks" else [],
        ROLES=ROLES,
        may_use_pin=may_use_pin,
        errors=errors_by_field(errors),
        has_pin=may_use_pin and queries.has_pin(db.session(), current.account_id),
    )


def refuse_change(errors: list[FieldError]) -> Response:
    """Return the response to a refused change of the own account; 429 if the next attempt must wait."""
    must_wait = any(error.code == "must_wait" for error in errors)
    if not must_wait:
        return errors_response(errors) if wants_json() else account_page(errors, 422)
    response = error_response(429, errors[0].message) if wants_json() else account_page(errors, 429)
    response.headers["Retry-After"] = str(int(rules.ATTEMPT_WINDOW.total_seconds()))
    return response


@blueprint.post("/account/password")
@limiter.limit(PER_MINUTE)
@allow("signed_in")
def change_password() -> Response:
    """Change the own password; the other sessions end, this one stays."""
    form = forms.PasswordForm.from_request()
    errors = form.field_errors()
    if not errors:
        values = (form.current.data, form.password.data, form.repeated.data)
        errors = accounts.change_password(db.session(), principal(), *values)
    if errors:
        return refuse_change(errors)
    flash_message(gettext("Your password was changed. Your other sessions have ended."))
    return redirect_or_json(url_for("staff.account"))


@blueprint.post("/account/sign-out-everywhere")
@allow("signed_in")
def sign_out_everywhere() -> Response:
    """End every session of the own account, this one too."""
    sessions.end_own_sessions(db.session(), principal())
    logout_user()
    session.clear()
    flash_message(gettext("You are signed out everywhere."))
    return redirect_or_json(url_for("staff.sign_in"))


@blueprint.get("/invitations/<token>")
@limiter.limit(PER_MINUTE)
@allow("public")
def invitation(token: str) -> Response:
    """Show the page that accepts an invitation; used, expired and unknown links get the same response."""
    return _invitation_page(token, [])


def _invitation_page(token: str, errors: list[FieldError]) -> Response:
    invited = queries.find_invited_account(db.session(), rules.digest(token), clock.now())
    if invited is None:
        return _link_refused()
    return render_page(
        "staff/invitation.html",
        422 if errors else 200,
        errors=errors_by_field(errors),
        token_of_link=token,
        invited=invited,
    )


def _link_refused() -> Response:
    report_event("link_refused")
    return error_response(404, gettext("This link was used or has expired. Ask for a new one."))


@blueprint.post("/invitations/<token>")
@limiter.limit(PER_MINUTE)
@allow("public")
def accept_invitation(token: str) -> Response:
    """Set the password and use up the link."""
    form = forms.NewPasswordForm.from_request()
    errors = form.field_errors() or accounts.accept_invitation(
        db.session(), token, form.password.data, form.repeated.data
    )
    if any(error.field == "token" for error in errors):
        return _link_refused()
    if errors:
        return _invitation_refused(token, errors)
    flash_message(gettext("Your password is set. Now sign in."))
    return redirect_or_json(url_for("staff.sign_in"))


def _invitation_refused(token: str, errors: list[FieldError]) -> Response:
    account = queries.find_invited_account(db.session(), rules.digest(token), clock.now())
    if account and wants_json():
        return errors_response(errors)
    return _invitation_page(token, errors)
