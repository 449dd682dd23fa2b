"""Pages about tablets: the list with their state, adding, moving and revoking them, and the enrolment page."""

from typing import Any
from uuid import UUID

from flask import Response, abort, jsonify, url_for
from flask_babel import gettext

from app import clock
from app.db.session import db
from app.field_errors import FieldError, errors_response
from app.places.queries import ALL_DESKS, list_desks
from app.places.rules import closes_with_country, is_open
from app.sync.actions import devices as actions
from app.sync.actions.devices import EnrolmentCode
from app.sync.forms import devices as forms
from app.sync.queries import devices as queries
from app.sync.queries.devices import DeviceRow
from app.sync.queries.envelopes import count_unresolved
from app.sync.rules import secrets
from app.sync.views.blueprint import blueprint
from app.sync.views.pwa import app_version
from app.web import qr_codes
from app.web.access import allow, principal
from app.web.pages import flash_message, public_url_for, redirect_or_json, render_page
from app.web.relative_time import utc_iso
from app.web.requests import wants_json


@blueprint.get("/devices")
@allow("see_devices")
def devices() -> Response:
    """Show the tablets, the silent ones with records on them first: all to an admin, else the own countries'."""
    return _devices_page(forms.DeviceForm(), [])


def _devices_page(form: Any, errors: list[FieldError]) -> Response:
    current = principal()
    can_configure = current.may("configure")
    scope = ALL_DESKS if can_configure else current.scope
    return render_page(
        "sync/devices.html",
        422 if errors else 200,
        form=form,
        errors={error.field: error.message for error in reversed(errors)},
        desks=_open_desks() if can_configure else [],
        overview=forms.device_overview(db.session(), scope, app_version()),
        unresolved=count_unresolved(db.session(), current, clock.now()),
    )


def _open_desks() -> list[tuple[str, str]]:
    return [
        (desk.code, f"{desk.code} · {desk.name}")
        for desk in list_desks(db.session(), ALL_DESKS)
        if is_open(
            desk.opened_on,
            closes_with_country(desk.country, desk.closed_on),
            clock.today_at(desk.time_zone),
        )
    ]


@blueprint.post("/devices")
@allow("configure")
def add() -> Response:
    """Add a tablet to a desk and show its enrolment code, only here: JSON 201, or a page with the QR code."""
    form, errors = forms.DeviceForm.read()
    desk = form.find_desk(db.session())
    if desk is None and not errors:
        errors = [FieldError("desk", "unknown_code")]
    if errors or desk is None:
        return errors_response(errors) if wants_json() else _devices_page(form, errors)
    name = form.name_or_default(db.session(), desk)
    code = actions.add_device(db.session(), principal().account_id, desk, name)
    return _code_page(code, name, desk.name)


def _code_page(code: EnrolmentCode, name: str, desk_name: str) -> Response:
    if wants_json():
        ends = utc_iso(code.expires_at)
        response = jsonify({"device": str(code.device_id), "code": code.code, "expires_at": ends})
        response.status_code = 201
        return response
    link = public_url_for("sync.enrol_page")
    return render_page(
        "sync/device.html",
        name=name,
        desk_name=desk_name,
        link=link,
        code=secrets.format_enrolment_code(code.code),
        minutes=int(secrets.CODE_LIFETIME.total_seconds() // 60),
        qr=qr_codes.draw_qr_code(f"{link}#{code.code}"),
    )


@blueprint.post("/devices/<uuid:device_id>/again")
@allow("configure")
def renew_code(device_id: UUID) -> Response:
    """Show a new code for the same tablet, only here."""
    device = _get_device(device_id)
    code = actions.renew_code(db.session(), principal().account_id, device)
    return _code_page(code, device.name, device.desk_name)


def _get_device(device_id: UUID) -> DeviceRow:
    device = queries.find_device(db.session(), ALL_DESKS, device_id)
    if device is None:
        abort(404)
    return device


@blueprint.post("/devices/<uuid:device_id>/revoke")
@allow("configure")
def revoke(device_id: UUID) -> Response:
    """Revoke the tablet: it may send nothing more."""
    actions.revoke_device(db.session(), principal().account_id, _get_device(device_id))
    flash_message(gettext("The tablet is revoked: it sends nothing more, and keeps what it has."))
    return redirect_or_json(url_for("sync.devices"))


@blueprint.post("/devices/<uuid:device_id>/move")
@allow("configure")
def move(device_id: UUID) -> Response:
    """Move the tablet to another desk."""
    device, (form, errors) = _get_device(device_id), forms.DeviceDeskForm.read()
    desk = form.find_desk(db.session())
    if desk is None and not errors:
        errors = [FieldError("desk", "unknown_code")]
    if errors or desk is None:
        return (
            errors_response(errors) if wants_json() else _devices_page(forms.DeviceForm(), errors)
        )
    actions.move_device(db.session(), principal().account_id, device, desk)
    flash_message(gettext("The tablet belongs to {desk} now.").replace("{desk}", desk.name))
    return redirect_or_json(url_for("sync.devices"))


@blueprint.get("/enrol")
@allow("public")
def enrol_page() -> Response:
    """Show the page that enrols a tablet; the code comes from the fragment of the URL or is typed."""
    return render_page("sync/enrol.html")
