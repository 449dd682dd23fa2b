"""The PIN of the own account: set with the password, removed without it."""

from flask import Response, abort, url_for
from flask_babel import gettext

from app.db.session import db
from app.staff import forms, rules
from app.staff.actions import pins
from app.staff.views.blueprint import blueprint
from app.staff.views.profile import PER_MINUTE, refuse_change
from app.web.access import allow, limiter, principal
from app.web.pages import flash_message, redirect_or_json
from app.web.security_events import report_event


@blueprint.post("/account/pin")
@limiter.limit(PER_MINUTE)
@allow("signed_in")
def set_pin() -> Response:
    """Set the PIN with which the account takes over a shared tablet."""
    if not rules.may_use_pin(principal().role):
        report_event("right_refused", account_id=principal().account_id)
        abort(403)
    form = forms.PinForm.from_request()
    errors = form.field_errors()
    if not errors:
        values = (form.own_password.data, form.pin.data, form.repeated_pin.data)
        errors = pins.set_pin(db.session(), principal(), *values)
    if errors:
        return refuse_change(errors)
    flash_message(
        gettext("Your PIN is set. A tablet knows it after its next contact with the server.")
    )
    return redirect_or_json(url_for("staff.account"))


@blueprint.post("/account/pin/remove")
@allow("signed_in")
def remove_pin() -> Response:
    """Remove the PIN of the own account."""
    pins.remove_pin(db.session(), principal())
    flash_message(gettext("Your PIN is removed."))
    return redirect_or_json(url_for("staff.account"))
