"""Accounts of others: the list, inviting, a new one-time link, closing."""

from typing import Any

from flask import Response, abort, jsonify, url_for
from flask_babel import gettext

from app.db.session import db
from app.field_errors import FieldError, errors_response
from app.i18n import language
from app.staff import forms, queries, rules
from app.staff.actions import accounts
from app.staff.queries import AccountLine
from app.staff.views.blueprint import blueprint, wrong_in
from app.staff.vocabulary import ROLES
from app.web.access import allow, principal
from app.web.pages import redirect_or_json, page, public_link, flash_message
from app.web.requests import wants_json


@blueprint.get("/accounts")
@allow("invite_staff")
def accounts_list() -> Response:
    """The accounts: all for an admin, for a supervisor the desk staff of the own countries."""
    within = None if principal().role == "admin" else sorted(principal().scope.countries)
    lines = queries.list_accounts(db.session(), within)
    managed = {line.account.id for line in lines if _may_manage(line)}
    return page("staff/accounts.html", lines=lines, managed=managed, ROLES=ROLES)


def _may_manage(line: AccountLine) -> bool:
    asking, account = principal(), line.account
    if account.closed_at is not None:
        return False
    own = asking.scope.countries
    return rules.may_manage(asking.role, own, account.role, line.desk_countries)


@blueprint.get("/accounts/new")
@allow("invite_staff")
def inviting() -> Response:
    """The page that invites an account."""
    return _invitation_page(forms.InvitationForm(locale=language.selected()), [])


def _invitation_page(form: Any, problems: list[FieldError]) -> Response:
    offered = forms.offered(db.session(), principal())
    facts = {"form": form, "wrong": wrong_in(problems), "offered": offered}
    return page("staff/invite.html", 422 if problems else 200, **facts)


@blueprint.post("/accounts/new")
@allow("invite_staff")
def invite() -> Response:
    """Invites the account and shows its one-time link, this once."""
    form = forms.InvitationForm.sent()
    problems, token = form.problems(), ""
    if not problems:
        sent = (form.account(), form.scope())
        token, problems = accounts.invite_within(db.session(), principal(), *sent)
    if problems:
        return errors_response(problems) if wants_json() else _invitation_page(form, problems)
    return _link_page(form.account()["username"], token)


def _link_page(username: str, token: str) -> Response:
    link = public_link("staff.invitation", token=token)
    if wants_json():
        return jsonify({"account": username, "link": link})
    return page("staff/link.html", username=username, link=link, days=rules.INVITATION.days)


def _managed(username: str) -> AccountLine:
    line = queries.find_line(db.session(), username)
    if line is None or not _may_manage(line):
        abort(404)
    return line


@blueprint.post("/accounts/<username>/reset")
@allow("invite_staff")
def reset(username: str) -> Response:
    """Shows, this once, a link with which the person sets a new password."""
    account = _managed(username).account
    token = accounts.start_reset(db.session(), principal().account_id, account)
    return _link_page(username, token)


@blueprint.post("/accounts/<username>/close")
@allow("invite_staff")
def close(username: str) -> Response:
    """Closes the account for good; nobody closes the own one."""
    account = _managed(username).account
    if account.id == principal().account_id:
        return refuse_here(FieldError("username", "own_account"))
    accounts.close_account(db.session(), principal().account_id, account)
    flash_message(gettext("The account is closed."))
    return redirect_or_json(url_for("staff.accounts_list"))


def refuse_here(problem: FieldError) -> Response:
    """The 422 answer of a change that has no form of its own."""
    if wants_json():
        return errors_response([problem])
    return page("error.html", 422, sentence=problem.message)
