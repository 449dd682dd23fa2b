"""One's own account: its scope, the password, signing out everywhere; and taking up an invitation."""

from typing import Any

from flask import Response, session, url_for
from flask_babel import gettext
from flask_login import logout_user

from app import clock
from app.db.session import db
from app.field_errors import FieldError, errors_response
from app.places.queries import list_desks
from app.staff import forms, queries, rules
from app.staff.actions import accounts, sessions
from app.staff.views.blueprint import blueprint, wrong_in
from app.staff.vocabulary import ROLES
from app.web.access import allow, limiter, principal
from app.web.pages import redirect_or_json, page, flash_message
from app.web.requests import wants_json
from app.web.responses import error_response
from app.web.security_events import report_event

PER_MINUTE = "20 per minute"


@blueprint.get("/account")
@allow("signed_in")
def account() -> Response:
    """One's own account."""
    return account_page([])


def account_page(problems: list[FieldError], status: int = 200) -> Response:
    """The page of one's own account, with what was wrong."""
    asking = principal()
    desks = [] if asking.scope.programme else list_desks(db.session(), asking.scope)
    facts: dict[str, Any] = {
        "own": desks if rules.needs(asking.role) == "desks" else [],
        "ROLES": ROLES,
    }
    takes_over = rules.takes_over(asking.role)
    facts |= {"takes_over": takes_over, "wrong": wrong_in(problems)}
    facts["has_pin"] = takes_over and queries.has_pin(db.session(), asking.account_id)
    return page("staff/account.html", status, **facts)


def refuse_own(problems: list[FieldError]) -> Response:
    """The answer of a change of one's own account that was refused; 429 if the next try must wait."""
    must_wait = any(found.code == "must_wait" for found in problems)
    if not must_wait:
        return errors_response(problems) if wants_json() else account_page(problems, 422)
    answer = error_response(429, problems[0].message) if wants_json() else account_page(problems, 429)
    answer.headers["Retry-After"] = str(int(rules.WINDOW.total_seconds()))
    return answer


@blueprint.post("/account/password")
@limiter.limit(PER_MINUTE)
@allow("signed_in")
def change_password() -> Response:
    """Changes one's own password; the other sessions end, this one goes on."""
    form = forms.PasswordForm.sent()
    problems = form.problems()
    if not problems:
        sent = (form.current.data, form.password.data, form.repeated.data)
        problems = accounts.change_password(db.session(), principal(), *sent)
    if problems:
        return refuse_own(problems)
    flash_message(gettext("Your password was changed. Your other sessions have ended."))
    return redirect_or_json(url_for("staff.account"))


@blueprint.post("/account/sign-out-everywhere")
@allow("signed_in")
def sign_out_everywhere() -> Response:
    """Ends every session of one's account, this one too."""
    sessions.end_everywhere(db.session(), principal())
    logout_user()
    session.clear()
    flash_message(gettext("You are signed out everywhere."))
    return redirect_or_json(url_for("staff.sign_in"))


@blueprint.get("/invitations/<token>")
@limiter.limit(PER_MINUTE)
@allow("public")
def invitation(token: str) -> Response:
    """The page that takes up an invitation; one answer for a used, an old and an unknown link."""
    return _invitation_page(token, [])


def _invitation_page(token: str, problems: list[FieldError]) -> Response:
    invited = queries.find_invited(db.session(), rules.digest(token), clock.now())
    if invited is None:
        return _no_link()
    facts: dict[str, Any] = {"token_of_link": token, "invited": invited}
    wrong = wrong_in(problems)
    return page("staff/invitation.html", 422 if problems else 200, wrong=wrong, **facts)


def _no_link() -> Response:
    report_event("link_refused")
    return error_response(404, gettext("This link was used or has expired. Ask for a new one."))


@blueprint.post("/invitations/<token>")
@limiter.limit(PER_MINUTE)
@allow("public")
def take_up(token: str) -> Response:
    """Sets the password; the link is used up."""
    form = forms.NewPasswordForm.sent()
    problems = form.problems() or accounts.take_up(
        db.session(), token, form.password.data, form.repeated.data
    )
    if any(found.field == "token" for found in problems):
        return _no_link()
    if problems:
        return _refused(token, problems)
    flash_message(gettext("Your password is set. Now sign in."))
    return redirect_or_json(url_for("staff.sign_in"))


def _refused(token: str, problems: list[FieldError]) -> Response:
    known = queries.find_invited(db.session(), rules.digest(token), clock.now())
    if known and wants_json():
        return errors_response(problems)
    return _invitation_page(token, problems)
