"""Pages on other accounts: the list, invitations, new one-time links, closing."""

from functools import partial
from typing import Any

from flask import Response, abort, url_for
from flask_babel import gettext
from werkzeug import Response as AnyResponse

from app.db.session import db
from app.field_errors import FieldError, errors_response
from app.i18n import language
from app.staff import forms, queries, rules
from app.staff.actions import accounts, invitations
from app.staff.actions.invitations import InvitationLink, InvitationOutcome
from app.staff.queries import AccountLine
from app.staff.schemas.answers import InvitationAnswer
from app.staff.views.blueprint import blueprint, errors_by_field
from app.staff.vocabulary import ROLES
from app.web.access import allow, principal
from app.web.openapi.answers import FieldErrorsAnswer, NothingAnswer
from app.web.openapi.describe import describe
from app.web.outcomes import Invalid, Renderers, respond
from app.web.pages import flash_message, public_url_for, redirect_or_json, render_page
from app.web.requests import wants_json
from app.web.responses import json_response


@blueprint.get("/accounts")
@allow("invite_staff")
def accounts_list() -> Response:
    """Show the accounts: all to an admin, to a supervisor the desk staff of the own countries."""
    within = None if principal().role == "admin" else sorted(principal().scope.countries)
    lines = queries.list_accounts(db.session(), within)
    managed = {line.account.id for line in lines if _may_manage(line)}
    return render_page("staff/accounts.html", lines=lines, managed=managed, ROLES=ROLES)


def _may_manage(line: AccountLine) -> bool:
    manager, account = principal(), line.account
    if account.closed_at is not None:
        return False
    countries = manager.scope.countries
    return rules.may_manage(manager.role, countries, account.role, line.desk_countries)


@blueprint.get("/accounts/new")
@allow("invite_staff")
def invite_page() -> Response:
    """Show the page that invites an account."""
    return _invitation_page(forms.InvitationForm(locale=language.current_locale()), [])


def _invitation_page(form: Any, errors: list[FieldError]) -> Response:
    return render_page(
        "staff/invite.html",
        422 if errors else 200,
        form=form,
        errors=errors_by_field(errors),
        options=forms.invitation_options(db.session(), principal()),
    )


@blueprint.post("/accounts/new")
@allow("invite_staff")
@describe(answers={200: InvitationAnswer, 422: FieldErrorsAnswer})
def invite() -> AnyResponse:
    """Invite the account and show its one-time link, only here."""
    form = forms.InvitationForm.from_request()
    errors = form.field_errors()
    outcome = Invalid(errors) if errors else _invite(form)
    return respond(
        outcome,
        as_json=Renderers(_json_link),
        as_page=Renderers(_link_page, invalid=partial(_invitation_page, form)),
    )


def _invite(form: Any) -> InvitationOutcome:
    return invitations.invite_within(db.session(), principal(), form.account(), form.scope())


def _json_link(invitation: InvitationLink) -> Response:
    link = public_url_for("staff.invitation", token=invitation.token)
    return json_response({"account": invitation.username, "link": link})


def _link_page(invitation: InvitationLink) -> Response:
    username = invitation.username
    link = public_url_for("staff.invitation", token=invitation.token)
    return render_page(
        "staff/link.html", username=username, link=link, days=rules.INVITATION_LIFETIME.days
    )


def _get_managed(username: str) -> AccountLine:
    line = queries.find_account_line(db.session(), username)
    if line is None or not _may_manage(line):
        abort(404)
    return line


@blueprint.post("/accounts/<username>/reset")
@allow("invite_staff")
@describe(answers={200: InvitationAnswer})
def reset(username: str) -> Response:
    """Show, only here, a link with which the person sets a new password."""
    account = _get_managed(username).account
    token = accounts.start_reset(db.session(), principal().account_id, account)
    invitation = InvitationLink(username, token)
    return _json_link(invitation) if wants_json() else _link_page(invitation)


@blueprint.post("/accounts/<username>/close")
@allow("invite_staff")
@describe(answers={200: NothingAnswer, 422: FieldErrorsAnswer})
def close(username: str) -> Response:
    """Close the account for good; nobody may close the own one."""
    account = _get_managed(username).account
    if account.id == principal().account_id:
        return refuse_without_form(FieldError("username", "own_account"))
    accounts.close_account(db.session(), principal().account_id, account)
    flash_message(gettext("The account is closed."))
    return redirect_or_json(url_for("staff.accounts_list"))


def refuse_without_form(error: FieldError) -> Response:
    """Return the 422 response to a change that has no form of its own."""
    if wants_json():
        return errors_response([error])
    return render_page("error.html", 422, message=error.message)
